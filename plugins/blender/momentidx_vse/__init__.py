"""momentidx in Blender's video sequencer: search, results, and strips with the right frames.

Blender reads properties from annotations, so that they are not postponed here.
"""

from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, IntProperty, PointerProperty, StringProperty
from bpy.types import AddonPreferences, Operator, Panel, PropertyGroup, UIList
from bpy.utils import previews
from bpy_extras.io_utils import ImportHelper

from . import strips as core

MARKER_NAME_BYTES = 63
"""What Blender keeps of a name."""
PICTURE_SECONDS = 0.5
"""How often the panel looks for pictures that are made."""
PICTURE_SCALE = 3.0
"""How many lines of text a picture is high."""


class MomentidxPreferences(AddonPreferences):
    bl_idname = __package__

    command: StringProperty(
        name="Command", default="momentidx", description="The momentidx program", subtype="FILE_PATH"
    )
    library: StringProperty(name="Library", description="Its library folder; empty for its own", subtype="DIR_PATH")
    url: StringProperty(name="Address", description="Of a momentidx that runs elsewhere; empty to find your own")
    token: StringProperty(name="Token", description="What opens that address", subtype="PASSWORD")

    def draw(self, _context: Any) -> None:
        for name in ("command", "library", "url", "token"):
            self.layout.prop(self, name)

    def server(self) -> core.Server | None:
        """The momentidx that runs; None when there is none."""
        return core.running(bpy.path.abspath(self.library), self.url, self.token)


class MomentidxResult(PropertyGroup):
    """One row of the list. `selects` and `number` lead to the strip in `_found`."""

    caption: StringProperty()
    clip: StringProperty()
    selects: IntProperty()
    number: IntProperty()
    wanted: BoolProperty(name="Append", default=True)


class MomentidxState(PropertyGroup):
    words: StringProperty(name="Moments", description="What happens in the moments you look for")
    limit: IntProperty(name="At most", default=20, min=1, max=1000)
    results: CollectionProperty(type=MomentidxResult)
    active: IntProperty()


_found: list[core.Selects] = []
"""What the last search or file gave; the rows of the panel point into it."""
_pictures: list[core.Pictures] = []
"""What makes the pictures of these results; at most one."""
_icons: dict[str, Any] = {}
"""Blender's collection of the pictures that are made, by name of the strip."""


def show(context: Any, found: list[core.Selects], server: core.Server | None = None) -> None:
    """Put results into the panel; their pictures come when they are made, or from the server."""
    _found[:] = found
    _forget_pictures()
    command = context.preferences.addons[__package__].preferences.command
    strips = [strip for selects in found for strip in selects.strips]
    _pictures.append(core.Pictures(command, strips, server and server.picture))
    _icons["results"] = previews.new()
    bpy.app.timers.register(load_pictures, first_interval=PICTURE_SECONDS)
    results = context.window_manager.momentidx.results
    results.clear()
    for index, selects in enumerate(found):
        for number, strip in enumerate(selects.strips):
            row = results.add()
            row.caption, row.clip, row.selects, row.number = strip.caption, strip.name, index, number


def load_pictures() -> float | None:
    """Load what was made since; when to look again, None when all is there. Blender's timer asks."""
    if not _pictures:
        return None
    for strip, picture in _pictures[0].new():
        _icons["results"].load(_icon_name(strip), str(picture), "IMAGE")
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas if window.screen else ():
            if area.type == "SEQUENCE_EDITOR":
                area.tag_redraw()
    return PICTURE_SECONDS if _pictures[0].working else None


def icon_of(strip: core.Strip) -> int:
    """Blender's number of a strip's picture; 0 as long as there is none."""
    found = _icons.get("results", {})
    return found[_icon_name(strip)].icon_id if _icon_name(strip) in found else 0


def _icon_name(strip: core.Strip) -> str:
    return f"{strip.path}:{strip.source_start}:{strip.source_end}"


def _forget_pictures() -> None:
    if "results" in _icons:
        previews.remove(_icons.pop("results"))
    for pictures in _pictures:
        pictures.stop()
    _pictures.clear()


def all_strips(editor: Any) -> Any:
    """The strips of a sequencer: `strips` since Blender 4.4, `sequences` before."""
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def append(scene: Any, selects: core.Selects, at: int) -> int:
    """Make strips and markers, the first at frame `at`; the frame after the last. Raises core.Refused.

    An empty sequencer takes rate, size and length of the footage; another must have its rate already.
    """
    paths = {one.path for strip in selects.strips for one in (strip, *strip.alternates)}
    missing = sorted(path for path in paths if not Path(path).is_file())
    if missing:
        raise core.Refused(f"{missing[0]} is not there: connect its drive")
    editor = scene.sequence_editor or scene.sequence_editor_create()
    placed = all_strips(editor)
    rate = scene.render.fps / scene.render.fps_base
    end = at + max(strip.record_start + strip.length for strip in selects.strips)
    if not len(placed):
        scene.render.fps, scene.render.fps_base = selects.fps, selects.fps_base
        scene.render.resolution_x, scene.render.resolution_y = selects.width, selects.height
        scene.frame_end = end - 1
    elif abs(rate - selects.rate) > 0.001:
        raise core.Refused(f"The scene plays {rate:.3f} frames a second and this footage {selects.rate:.3f}")
    taken = [(strip.channel, strip.frame_final_start, strip.frame_final_end) for strip in placed]
    lanes = max(len(strip.alternates) for strip in selects.strips)
    channel = core.free_channel(taken, at, end, 2 + lanes)
    for strip in selects.strips:
        _placed(placed.new_movie, strip, channel + 1, at)
        if strip.sound:
            _placed(placed.new_sound, strip, channel, at)
        for above, other in enumerate(strip.alternates, start=1):
            _placed(placed.new_movie, other, channel + 1 + above, at).mute = True
    for frame, text in selects.markers:
        scene.timeline_markers.new(text.encode()[:MARKER_NAME_BYTES].decode(errors="ignore"), frame=at + frame)
    scene.frame_end = max(scene.frame_end, end - 1)
    return end


def _placed(make: Any, strip: core.Strip, channel: int, at: int) -> Any:
    """A strip of the whole file, trimmed to what it plays."""
    placed = make(strip.name, strip.path, channel, at + strip.record_start - strip.source_start)
    placed.frame_offset_start = strip.source_start
    placed.frame_offset_end = placed.frame_duration - strip.source_end
    placed["momentidx"], placed["momentidx_caption"] = str(strip.moment), strip.caption
    if strip.remark:
        placed["momentidx_remark"] = strip.remark
    return placed


class MOMENTIDX_OT_search(Operator):  # noqa: N801  (Blender's rule for names)
    """Ask momentidx for moments"""

    bl_idname = "momentidx.search"
    bl_label = "Find"

    def execute(self, context: Any) -> set[str]:
        preferences, state = context.preferences.addons[__package__].preferences, context.window_manager.momentidx
        library = bpy.path.abspath(preferences.library)
        try:
            if server := preferences.server():
                show(context, server.search(state.words, state.limit), server)
            else:
                show(context, core.search(preferences.command, library, state.words, state.limit))
        except core.Refused as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class MOMENTIDX_OT_bin(Operator):  # noqa: N801  (Blender's rule for names)
    """Fetch the bin that something was put into last, from a running momentidx"""

    bl_idname = "momentidx.bin"
    bl_label = "Newest Bin"

    def execute(self, context: Any) -> set[str]:
        server = context.preferences.addons[__package__].preferences.server()
        try:
            if server is None:
                raise core.Refused("momentidx does not run: start 'momentidx watch' or 'momentidx serve'")
            show(context, server.newest_bin(), server)
        except core.Refused as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class MOMENTIDX_OT_open(Operator, ImportHelper):  # noqa: N801  (Blender's rule for names)
    """Open a file that `momentidx export --to blender` wrote"""

    bl_idname = "momentidx.open"
    bl_label = "Open Selects"
    filename_ext = ".json"
    filter_glob: StringProperty(default="*.json", options={"HIDDEN"})

    def execute(self, context: Any) -> set[str]:
        try:
            show(context, [core.read(Path(self.filepath))])
        except core.Refused as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


class MOMENTIDX_OT_append(Operator):  # noqa: N801  (Blender's rule for names)
    """Append the results as strips"""

    bl_idname = "momentidx.append"
    bl_label = "Append as Strips"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    where: EnumProperty(
        name="Where",
        items=[("PLAYHEAD", "At the Playhead", ""), ("END", "After the Last Strip", "")],
        default="PLAYHEAD",
    )
    only: EnumProperty(
        name="What", items=[("TICKED", "Ticked", ""), ("ACTIVE", "The Highlighted One", "")], default="TICKED"
    )

    @classmethod
    def poll(cls, context: Any) -> bool:
        return len(context.window_manager.momentidx.results) > 0

    def execute(self, context: Any) -> set[str]:
        state, scene = context.window_manager.momentidx, context.scene
        rows = [row for row in state.results if row.wanted] if self.only == "TICKED" else [state.results[state.active]]
        try:
            at = self._start(scene)
            for index, selects in enumerate(_found):
                numbers = [row.number for row in rows if row.selects == index]
                if len(numbers) == len(selects.strips):
                    at = append(scene, selects, at)  # all of it: gaps stay
                elif numbers:
                    at = append(scene, selects.chosen(numbers), at)
        except core.Refused as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}

    def _start(self, scene: Any) -> int:
        editor = scene.sequence_editor
        if self.where == "END" and editor and len(all_strips(editor)):
            return max(strip.frame_final_end for strip in all_strips(editor))
        return int(scene.frame_current)


class MOMENTIDX_UL_results(UIList):  # noqa: N801  (Blender's rule for names)
    def draw_item(
        self, _context: Any, layout: Any, _data: Any, item: Any, _icon: Any, _active: Any, _name: Any, _index: Any = 0
    ) -> None:
        row = layout.row(align=True)
        row.prop(item, "wanted", text="")
        row.template_icon(icon_value=icon_of(_found[item.selects].strips[item.number]), scale=PICTURE_SCALE)
        row.label(text=item.caption)
        row.label(text=item.clip)


class MOMENTIDX_PT_sequencer(Panel):  # noqa: N801  (Blender's rule for names)
    bl_label = "momentidx"
    bl_space_type = "SEQUENCE_EDITOR"
    bl_region_type = "UI"
    bl_category = "momentidx"

    def draw(self, context: Any) -> None:
        state, layout = context.window_manager.momentidx, self.layout
        layout.prop(state, "words", text="", icon="VIEWZOOM")
        row = layout.row(align=True)
        row.operator("momentidx.search")
        row.prop(state, "limit")
        row = layout.row(align=True)
        row.operator("momentidx.bin")
        row.operator("momentidx.open")
        layout.template_list("MOMENTIDX_UL_results", "", state, "results", state, "active")
        row = layout.row(align=True)
        row.operator("momentidx.append", text="Append Ticked").only = "TICKED"
        row.operator("momentidx.append", text="Append This").only = "ACTIVE"
        layout.operator("momentidx.append", text="Append Ticked at the End").where = "END"


CLASSES = (
    MomentidxPreferences,
    MomentidxResult,
    MomentidxState,
    MOMENTIDX_OT_search,
    MOMENTIDX_OT_bin,
    MOMENTIDX_OT_open,
    MOMENTIDX_OT_append,
    MOMENTIDX_UL_results,
    MOMENTIDX_PT_sequencer,
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.WindowManager.momentidx = PointerProperty(type=MomentidxState)


def unregister() -> None:
    del bpy.types.WindowManager.momentidx
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
    _forget_pictures()
    _found.clear()
