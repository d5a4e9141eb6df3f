"""Texts that try to be more than text: as captions, names, labels, notes, queries."""

SCRIPTS = (
    "<script>window.pwned=1</script>",
    "</script><script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    "<svg onload=window.pwned=1>",
    "<svg><script>window.pwned=1</script></svg>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "<iframe src=javascript:parent.pwned=1></iframe>",
    "<a href='javascript:window.pwned=1' autofocus onfocus=window.pwned=1>x</a>",
    "<body onload=window.pwned=1>",
    "<details open ontoggle=window.pwned=1>",
    "<input autofocus onfocus=window.pwned=1>",
    "<video><source onerror=window.pwned=1></video>",
    "<math><mtext><script>window.pwned=1</script></mtext></math>",
    "<template><script>window.pwned=1</script></template>",
    "<style>@import 'http://127.0.0.1:9/x';</style>",
    "<link rel=stylesheet href=http://127.0.0.1:9/x>",
    "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'>",
    "<base href=http://127.0.0.1:9/>",
    "<form action=http://127.0.0.1:9/><button>x</button></form>",
    "<object data=javascript:window.pwned=1></object>",
    '" onmouseover="window.pwned=1',
    "' onmouseover='window.pwned=1",
    "` onmouseover=`window.pwned=1",
    "--><script>window.pwned=1</script>",
    "]]><script>window.pwned=1</script>",
    "<!--<script>window.pwned=1</script>",
    "javascript:window.pwned=1",
    "data:text/html,<script>window.pwned=1</script>",
    "{{constructor.constructor('window.pwned=1')()}}",
    "${window.pwned=1}",
    "{% raw %}<script>window.pwned=1</script>",
    "\u2028</script><script>window.pwned=1</script>\u2029",
    "&lt;script&gt;window.pwned=1&lt;/script&gt;",
    "%3Cscript%3Ewindow.pwned=1%3C/script%3E",
    "\\u003cscript\\u003ewindow.pwned=1\\u003c/script\\u003e",
    "+ADw-script+AD4-window.pwned=1+ADw-/script+AD4-",
    "__proto__",
    "constructor",
    "\u202eedoc si siht\u202c <b>bold</b>",
    '=HYPERLINK("http://127.0.0.1:9/","x")',
)


def ways_out(name: str) -> list[str]:
    """Paths that try to leave a folder for a file of this name beside it, as they stand in a request line."""
    ups = [
        "..", "%2e%2e", "%2E%2e", ".%2e", "%2e.", "%252e%252e", "%c0%ae%c0%ae", "%e0%80%ae%e0%80%ae", "..%00", "..;",
        "....", "%uff0e%uff0e", "..%ff", "%2e%2e%00", "..%0d%0a", "~", "..%20",
    ]  # fmt: skip
    slashes = ["/", "%2f", "%2F", "%5c", "\\", "%252f", "%c0%af", "//", "/./", "%2f%2f"]
    relative = [slash.join([up] * depth + [name]) for up in ups for slash in slashes for depth in (1, 4)]
    absolute = [
        f"{start}{name}"
        for start in (
            "/",
            "//",
            "%2f",
            "file:///",
            "file:",
            "C:%5c",
            "%5c%5c127.0.0.1%5cc$%5c",
            "/proc/self/cwd/",
            "/proc/self/root/",
            "/dev/fd/../",
            "./",
            "%00",
            "*",
        )
    ]
    return relative + absolute
