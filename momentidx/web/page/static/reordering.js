// Dragging the entries of a list to another place, with mouse, pen or finger.

export class Reordering {
  /** `arranged(order)` is told the `data-entry` of all items, in their new order. */
  constructor(list, arranged) {
    this.list = list;
    this.arranged = arranged;
    this.busy = false;
  }

  /** Let an item be dragged by its handle. */
  hold(handle, item) {
    handle.addEventListener("pointerdown", (event) => event.button === 0 && this.begin(event, item));
  }

  begin(event, item) {
    event.preventDefault();
    const before = this.order();
    this.busy = true;
    // The list hears the pointer from now on: an item that is put elsewhere would lose it.
    this.list.setPointerCapture(event.pointerId);
    item.classList.add("dragged");
    const moved = (move) => this.place(item, move.clientY);
    const ended = (end) => {
      this.list.removeEventListener("pointermove", moved);
      for (const name of ["pointerup", "pointercancel"]) this.list.removeEventListener(name, ended);
      item.classList.remove("dragged");
      this.busy = false;
      const after = this.order();
      if (end.type === "pointerup" && after.join() !== before.join()) this.arranged(after);
    };
    this.list.addEventListener("pointermove", moved);
    for (const name of ["pointerup", "pointercancel"]) this.list.addEventListener(name, ended);
  }

  /** Put the item before the first one whose middle is below the pointer. */
  place(item, y) {
    const others = [...this.list.children].filter((each) => each !== item);
    const below = others.find((each) => {
      const box = each.getBoundingClientRect();
      return y < box.top + box.height / 2;
    });
    if (item.nextElementSibling !== (below ?? null)) this.list.insertBefore(item, below ?? null);
  }

  order() {
    return [...this.list.children].map((item) => Number(item.dataset.entry));
  }
}
