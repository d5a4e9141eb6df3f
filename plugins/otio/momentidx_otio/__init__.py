"""OpenTimelineIO plug-ins for momentidx: an adapter, a media linker and a hook script (`plugin_manifest.json`).

They read files that momentidx writes and import nothing of it, so that they can be installed wherever
OpenTimelineIO runs: a conform station, a pipeline server, a review tool.
"""
