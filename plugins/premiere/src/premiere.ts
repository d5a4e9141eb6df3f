/* What the panel asks of Premiere. */

declare function require(name: "premierepro"): import("@adobe/premierepro").premierepro;

type Project = import("@adobe/premierepro").Project;
type ClipProjectItem = import("@adobe/premierepro").ClipProjectItem;
type FolderItem = import("@adobe/premierepro").FolderItem;

async function openProject(): Promise<Project> {
  const project = await require("premierepro").Project.getActiveProject();
  if (!project) {
    throw new Refused("No project is open.");
  }
  return project;
}

/** Import a timeline that momentidx exported (`.xml`, `.otio`, `.edl`, `.aaf`). */
async function importTimeline(path: string): Promise<void> {
  const project = await openProject();
  if (!(await project.importFiles([path], true))) {
    throw new Refused(`Premiere did not import ${path}.`);
  }
}

/** Import the footage that is not in the project yet, and mark each moment on its clip; how many markers were made. */
async function importFootage(moments: readonly Moment[]): Promise<number> {
  const project = await openProject();
  const files = byFile(moments);
  const before = await clipsByPath(await project.getRootItem());
  const missing = [...files.keys()].filter((path) => !before.has(path));
  if (missing.length > 0 && !(await project.importFiles(missing, true))) {
    throw new Refused(`Premiere did not import ${missing.join(", ")}. Connect their drive.`);
  }
  const clips = await clipsByPath(await project.getRootItem());
  let made = 0;
  for (const [path, marked] of files) {
    const clip = clips.get(path);
    if (clip === undefined) {
      throw new Refused(`${path} is not in the project after it was imported.`);
    }
    made += await addMarkers(project, clip, marked);
  }
  return made;
}

/** Mark moments on a clip, in one step of the undo history; those that are marked already are left out. */
async function addMarkers(project: Project, clip: ClipProjectItem, moments: readonly Moment[]): Promise<number> {
  const { FrameRate, Marker, Markers, TickTime } = require("premierepro");
  const markers = await Markers.getMarkers(clip);
  const known = new Set(markers.getMarkers().map((marker) => marker.getComments()));
  const wanted = moments.filter((moment) => !known.has(markerComment(moment)));
  // Since 26.3 actions must be made while the project is locked.
  project.lockedAccess(() => {
    project.executeTransaction((steps) => {
      for (const moment of wanted) {
        const rate = FrameRate.createWithValue(moment.rate);
        const start = TickTime.createWithFrameAndFrameRate(moment.startFrame, rate);
        const length = TickTime.createWithFrameAndFrameRate(moment.endFrame - moment.startFrame, rate);
        const type = Marker.MARKER_TYPE_COMMENT;
        steps.addAction(
          markers.createAddMarkerAction(markerName(moment), type, start, length, markerComment(moment)),
        );
      }
    }, "momentidx: mark moments");
  });
  return wanted.length;
}

/** The clips of a bin and of the bins in it, by the path of their file. */
async function clipsByPath(folder: FolderItem, found = new Map<string, ClipProjectItem>()): Promise<Map<string, ClipProjectItem>> {
  const { ClipProjectItem, FolderItem } = require("premierepro");
  for (const item of await folder.getItems()) {
    const clip = ClipProjectItem.cast(item);
    const inner = FolderItem.cast(item);
    if (inner) {
      await clipsByPath(inner, found);
    } else if (clip) {
      found.set(await clip.getMediaFilePath(), clip);
    }
  }
  return found;
}
