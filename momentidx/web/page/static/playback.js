// Playing a clip picture by picture: what is on the screen is known by the picture's own time, never by counting.
//
// A player is sent to the middle of a picture's time, so that rounding cannot miss it, and says by `mediaTime` which
// one it really shows. Files that start late are measured by their first picture. Browsers do not play backwards:
// J goes back by seeking, as fast as the pictures come.

const FASTEST = 8;
const FIRST_PICTURE_SECONDS = 2;
const LATE_MILLISECONDS = 250;

export class Playback extends EventTarget {
  /** Tells of every picture that comes to the screen by the event "picture", of play and speed by "state". */
  constructor(video, pictures) {
    super();
    this.video = video;
    this.pictures = pictures;
    this.origin = null;
    this.picture = 0;
    this.speed = 0;
    this.wanted = null;
    this.arrivedAt = 0;
    this.stopAt = null;
    this.ended = false;
    this.signal = new AbortController();
    const listen = (name, heard) => video.addEventListener(name, heard, { signal: this.signal.signal });
    listen("seeked", () => this.arrived());
    listen("ended", () => this.pause());
    this.watch();
  }

  /** Wait until the first picture is there. Rejects when the browser cannot play the file. */
  async begin() {
    const video = this.video;
    await new Promise((resolve, reject) => {
      if (video.error) reject(video.error);
      if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) resolve();
      video.addEventListener("loadeddata", resolve, { once: true });
      video.addEventListener("error", () => reject(video.error), { once: true });
    });
    if (video.videoWidth === 0) throw new Error("there is no picture");
    const giveUp = performance.now() + FIRST_PICTURE_SECONDS * 1000;
    while (this.origin === null && performance.now() < giveUp) await new Promise((next) => setTimeout(next, 10));
    this.origin ??= 0;
  }

  get frame() {
    return this.pictures.frame(this.picture);
  }

  get playing() {
    return this.speed !== 0;
  }

  /** Show the picture at a frame. */
  toFrame(frame) {
    this.show(this.pictures.of(frame));
  }

  /** Go so many pictures on, or back; steps that come faster than pictures add up. */
  step(count) {
    this.pause();
    this.show((this.wanted ?? this.picture) + count);
  }

  show(picture) {
    this.wanted = this.pictures.within(picture);
    if (!this.video.seeking) this.seek();
  }

  seek() {
    this.video.currentTime = this.origin + this.pictures.middle(this.wanted);
    this.sought = this.wanted;
  }

  arrived() {
    this.arrivedAt = performance.now();
    if (this.wanted !== null && this.wanted !== this.sought) this.seek();
    else if (!this.presents() || this.wanted === this.picture) this.tell(this.sought);
  }

  /** J and L: play, and faster each time it is said again. */
  shuttle(direction) {
    const faster = Math.sign(this.speed) === direction ? Math.min(Math.abs(this.speed) * 2, FASTEST) : 1;
    this.play(direction * faster);
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play(1);
  }

  /** Play from one frame up to another, which is not shown. */
  playRange(start, end) {
    this.toFrame(start);
    this.play(1);
    this.stopAt = end;
  }

  play(speed) {
    this.stopAt = null;
    this.speed = speed;
    if (speed > 0) {
      this.video.playbackRate = speed;
      this.video.play().catch(() => this.pause());
    } else {
      this.video.pause();
      this.goBack();
    }
    this.dispatchEvent(new Event("state"));
  }

  pause() {
    const was = this.speed;
    this.speed = 0;
    this.stopAt = null;
    this.video.pause();
    if (was !== 0) this.dispatchEvent(new Event("state"));
  }

  /** Backwards: at every moment the picture that would be shown then. */
  goBack() {
    const [speed, from, begun] = [this.speed, this.pictures.seconds(this.wanted ?? this.picture), performance.now()];
    const next = () => {
      if (this.ended || this.speed !== speed) return;
      const seconds = from + (speed * (performance.now() - begun)) / 1000;
      const isThere = seconds <= 0;
      if (isThere || !this.video.seeking) this.show(this.pictures.nearest(Math.max(seconds, 0)));
      if (isThere) this.pause();
      else requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  }

  /** Whether the browser says which picture is on the screen. */
  presents() {
    return "requestVideoFrameCallback" in HTMLVideoElement.prototype;
  }

  watch() {
    if (!this.presents()) {
      this.video.addEventListener("timeupdate", () => this.guess(), { signal: this.signal.signal });
      return;
    }
    const shown = (_now, told) => {
      if (this.ended) return;
      this.video.requestVideoFrameCallback(shown);
      this.origin ??= told.mediaTime;
      this.tell(this.pictures.nearest(told.mediaTime - this.origin));
    };
    this.video.requestVideoFrameCallback(shown);
  }

  guess() {
    this.origin ??= 0;
    if (this.playing) this.tell(this.pictures.nearest(this.video.currentTime - this.origin));
  }

  tell(picture) {
    this.picture = picture;
    if (picture === this.wanted || this.hasGoneOn()) this.wanted = null;
    if (this.stopAt !== null && this.wanted === null && this.frame >= this.stopAt - 1) {
      const last = this.stopAt - 1;
      this.pause();
      if (this.frame > last) this.toFrame(last);
    }
    this.dispatchEvent(new Event("picture"));
  }

  /** Whether the picture that was wanted was passed without being shown. A late word of the one before is no sign. */
  hasGoneOn() {
    return this.speed > 0 && !this.video.seeking && performance.now() - this.arrivedAt > LATE_MILLISECONDS;
  }

  close() {
    this.ended = true;
    this.pause();
    this.signal.abort();
    this.video.removeAttribute("src");
    this.video.load();
  }
}
