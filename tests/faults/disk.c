/* A disk that fails: loaded into a process with LD_PRELOAD, it lets writing calls on the files below one folder fail.

   DISK_UNDER   the folder; without it nothing happens
   DISK_CALLS   "write" or "sync": which calls are counted
   DISK_NTH     the how manieth of them fails, 1 for the first
   DISK_HOW     the error's number; 0: the process is killed instead
   DISK_STAYS   if set, all later ones fail too
   DISK_DONE    a file that is made when the first one fails
   DISK_SYNCED  a folder: of each file right below DISK_UNDER, what would be left of it after a power cut
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_int counted;

/* Its name below DISK_UNDER; 0 when it does not lie there. */
static const char *below(int file, char path[PATH_MAX + 1]) {
    const char *under = getenv("DISK_UNDER");
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = under ? readlink(link, path, PATH_MAX) : -1;
    if (length < 0) return 0;
    path[length] = 0;
    return strncmp(path, under, strlen(under)) || path[strlen(under)] != '/' ? 0 : path + strlen(under) + 1;
}

static int fails(const char *call, int file) {
    const char *calls = getenv("DISK_CALLS");
    char path[PATH_MAX + 1];
    if (!calls || strcmp(calls, call) || !below(file, path)) return 0;
    int nth = atoi(getenv("DISK_NTH")), now = atomic_fetch_add(&counted, 1) + 1;
    if (now < nth || (now > nth && !getenv("DISK_STAYS"))) return 0;
    if (now == nth) close(open(getenv("DISK_DONE"), O_CREAT | O_WRONLY, 0600));
    int how = atoi(getenv("DISK_HOW"));
    if (!how) kill(getpid(), SIGKILL);
    errno = how;
    return 1;
}

#define REAL(type, name, ...) ((type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name))

ssize_t write(int file, const void *from, size_t count) {
    return fails("write", file) ? -1 : REAL(ssize_t, write, int, const void *, size_t)(file, from, count);
}
ssize_t pwrite(int file, const void *from, size_t count, off_t at) {
    return fails("write", file) ? -1 : REAL(ssize_t, pwrite, int, const void *, size_t, off_t)(file, from, count, at);
}
ssize_t pwrite64(int file, const void *from, size_t count, off64_t at) {
    return fails("write", file) ? -1 : REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t)(file, from, count, at);
}

/* Through its own descriptor: closing another one of the database would drop SQLite's locks. */
static int synced(int file, int failed) {
    const char *to = getenv("DISK_SYNCED");
    char path[PATH_MAX + 1], copy[2 * PATH_MAX], part[65536];
    const char *name = to && !failed ? below(file, path) : 0;
    if (!name || strchr(name, '/')) return failed;
    snprintf(copy, sizeof copy, "%s/%s", to, name);
    int target = open(copy, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    off_t at = 0;
    for (ssize_t got; (got = pread(file, part, sizeof part, at)) > 0; at += got)
        if (pwrite(target, part, got, at) != got) abort();
    close(target);
    return failed;
}

int fsync(int file) { return fails("sync", file) ? -1 : synced(file, REAL(int, fsync, int)(file)); }
int fdatasync(int file) { return fails("sync", file) ? -1 : synced(file, REAL(int, fdatasync, int)(file)); }
