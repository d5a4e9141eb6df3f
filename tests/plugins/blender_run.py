"""Runs inside Blender's own Python (`bpy`), told by a JSON job what to do; prints what Blender then holds as JSON.

Not a test module: `test_blender.py` starts it. The extension is installed from its zip and enabled as a user would.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import bpy  # first: it makes Blender's other modules importable

import addon_utils  # isort: skip


def install(package: str) -> Any:
    """Enable the extension from its zip; its module."""
    addon_utils.enable("bl_pkg")
    bpy.ops.extensions.package_install_files(filepath=package, repo="user_default", enable_on_install=True)
    return sys.modules["bl_ext.user_default.momentidx_vse"]


def strips(scene: Any) -> list[dict[str, Any]]:
    """Every strip as a program would read it."""
    return [
        {
            "name": strip.name.split(".")[0], "type": strip.type, "channel": strip.channel,
            "range": [strip.frame_final_start, strip.frame_final_end],
            "source": [round(end - strip.frame_start) for end in (strip.frame_final_start, strip.frame_final_end)],
            "moment": strip["momentidx"], "caption": strip["momentidx_caption"], "mute": strip.mute,
        }
        for strip in scene.sequence_editor.strips
    ]  # fmt: skip


def render(scene: Any, movie: str) -> None:
    scene.frame_start = 1
    settings = scene.render
    settings.filepath, settings.resolution_percentage = movie, 100
    if hasattr(settings.image_settings, "media_type"):  # Blender 5
        settings.image_settings.media_type = "VIDEO"
    settings.image_settings.file_format = "FFMPEG"
    settings.ffmpeg.format, settings.ffmpeg.codec, settings.ffmpeg.audio_codec = "MKV", "FFV1", "NONE"
    scene.view_settings.view_transform = "Standard"
    bpy.ops.render.render(animation=True)


def run(step: dict[str, Any]) -> dict[str, Any]:
    """One scene: open or search, append, perhaps render."""
    scene = bpy.data.scenes.new("test")
    bpy.context.window_manager.windows[0].scene = scene
    scene.frame_current = step.get("at", 1)
    state, told = bpy.context.window_manager.momentidx, []
    for action in step["actions"]:
        try:
            if "open" in action:
                bpy.ops.momentidx.open(filepath=action["open"])
            elif "search" in action:
                preferences = bpy.context.preferences.addons["bl_ext.user_default.momentidx_vse"].preferences
                preferences.command, preferences.library = action["command"], action["library"]
                state.words = action["search"]
                bpy.ops.momentidx.search()
            elif "ticked" in action:
                for number, row in enumerate(state.results):
                    row.wanted = number in action["ticked"]
            else:
                bpy.ops.momentidx.append(**action["append"])
        except RuntimeError as error:  # how Blender tells of an operator's error
            told.append(str(error).strip())
    deadline = time.monotonic() + 60  # Blender's timer does not run without its window
    while module.load_pictures() is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    # Without a window Blender gives pictures no number to draw them by; it reads them all the same.
    pictures = [list(picture.image_size) for picture in module._icons.get("results", {}).values()]
    if "render" in step:
        render(scene, step["render"])
    return {
        "told": told, "pictures": pictures, "rows": [[row.caption, row.clip] for row in state.results],
        "rate": scene.render.fps / scene.render.fps_base,
        "size": [scene.render.resolution_x, scene.render.resolution_y],
        "strips": strips(scene) if scene.sequence_editor else [],
        "markers": sorted([marker.frame, marker.name] for marker in scene.timeline_markers),
    }  # fmt: skip


job = json.loads(Path(sys.argv[1]).read_text())
module = install(job["package"])
results = [run(step) for step in job["steps"]]
addon_utils.disable(module.__name__)
left = hasattr(bpy.types.WindowManager, "momentidx")
Path(job["answer"]).write_text(json.dumps({"version": bpy.app.version_string, "left": left, "steps": results}))
