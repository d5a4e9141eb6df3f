// What is told of one clip, and what a person changes of it: every change goes to the server first.

const LATER_MILLISECONDS = 1000;

export class Moments {
  /**
   * `url` is the clip's. `shows` hears `listed()` when all are to be shown anew, `replaced(before, now)` when one took
   * the place of another, and says by `busy()` whether somebody is typing.
   */
  constructor(app, url, shows) {
    this.app = app;
    this.url = url;
    this.shows = shows;
    this.all = [];
    this.changed = [];
    this.asking = null;
    this.closed = false;
  }

  async load() {
    this.all = (await this.app.api.get(`${this.url}/events`)).moments;
  }

  find(id) {
    return this.all.find((moment) => moment.id === id) ?? null;
  }

  /** Change a moment; gives it as it is now, or null when it was refused. */
  async change(moment, change) {
    const now = await this.attempt(() => this.app.api.patch(`/events/${moment.id}`, change));
    if (now === null) return null;
    if (JSON.stringify(now) !== JSON.stringify(moment)) this.changed.push(now.id);
    this.replace(moment, now);
    return now;
  }

  /** Say something of a stretch; gives the new moment, or null when it was refused. */
  async add(note) {
    const made = await this.attempt(() => this.app.api.post(`${this.url}/events`, note));
    if (made === null) return null;
    this.changed.push(made.id);
    this.replace(null, made);
    return made;
  }

  /** Take back the last change of a moment; without one, the last change that was made here. Whether there was one. */
  async undo(id = this.changed.pop()) {
    if (id === undefined) return false;
    const told = await this.attempt(() => this.app.api.post(`/events/${id}/undo`));
    if (told) this.replace(this.find(id), told.moment);
    return true;
  }

  /** Take back everything that was said of a moment. */
  async remove(moment) {
    await this.attempt(() => this.app.api.delete(`/events/${moment.id}`));
    this.heard();
  }

  /** Others changed something: ask what is told now, but not while somebody types. */
  heard() {
    this.asking ??= setTimeout(async () => {
      this.asking = null;
      if (this.closed) return;
      if (this.shows.busy()) return this.heard();
      const before = JSON.stringify(this.all);
      await this.attempt(() => this.load());
      if (!this.closed && JSON.stringify(this.all) !== before) this.shows.listed();
    }, LATER_MILLISECONDS);
  }

  /** What an act gives; null, and said to the person, when it was refused. */
  async attempt(act) {
    try {
      return await act();
    } catch (error) {
      this.app.fail(error);
      return null;
    }
  }

  close() {
    this.closed = true;
    clearTimeout(this.asking);
  }

  /** Put a moment in the place of another; null stands for none. */
  replace(before, now) {
    this.all = this.all.filter((each) => each.id !== before?.id && each.id !== now?.id);
    if (now) this.all.push(now);
    this.all.sort((one, other) => one.start_frame - other.start_frame || one.id - other.id);
    this.shows.replaced(before, now);
  }
}
