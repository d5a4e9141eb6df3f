-- A DaVinci Resolve that only writes down what it is asked: lua fake_resolve.lua SCRIPT [known=PATH] [rate=25] ...
-- Answers as its scripting documentation says: frames of a timeline start at 90000, a marker's frame may be
-- taken, and a timeline's name may be.
local options = {}
for index = 2, #arg do
  local name, value = arg[index]:match("^(%w+)=(.*)$")
  options[name] = value
end

local function item(path) return { GetClipProperty = function(_, name) return name == "File Path" and path or "" end, path = path } end
local function folder(clips, inner)
  return { GetClipList = function() return clips end, GetSubFolderList = function() return inner end }
end

local function timeline(name)
  local taken = { [tonumber(options.marked or -1)] = true }
  return {
    GetName = function() return name end,
    GetSetting = function(_, setting) return setting == "timelineFrameRate" and (options.rate or "25") end,
    GetStartFrame = function() return 90000 end,
    AddMarker = function(_, frame, colour, title, note, length, data)
      if taken[frame] then return false end
      print(string.format("marker %d %s [%s] [%s] %d %s", frame, colour, title, note, length, data))
      return true
    end,
    UpdateMarkerCustomData = function(_, frame, data) print(string.format("data %d %s", frame, data)) return true end,
  }
end

local open = options.open ~= "no" and timeline("Cut") or nil
local length = 1000 -- of the open timeline
local pool = {
  GetRootFolder = function() return folder({}, { folder(options.known and { item(options.known) } or {}, {}) }) end,
  ImportMedia = function(_, paths)
    if options.offline then return {} end
    print("import " .. paths[1])
    return { item(paths[1]) }
  end,
  ImportTimelineFromFile = function(_, path, wanted)
    if options.refuse then return nil end
    print(string.format("timeline %s [%s] %s", path:match("[^/]*$"), wanted.timelineName, tostring(wanted.importSourceClips)))
    return timeline(wanted.timelineName)
  end,
  AppendToTimeline = function(_, clips)
    local clip, start = clips[1], length
    print(string.format("append %s %d-%d", clip.mediaPoolItem.path:match("[^/]*$"), clip.startFrame, clip.endFrame))
    length = length + clip.endFrame - clip.startFrame + 1 - tonumber(options.short or 0)
    return { { GetStart = function() return 90000 + start end, GetDuration = function() return length - start end } }
  end,
}
local project = {
  GetMediaPool = function() return pool end,
  GetCurrentTimeline = function() return open end,
  GetTimelineCount = function() return 2 end,
  GetTimelineByIndex = function(_, index) return timeline(({ "Cut", options.name or "Old" })[index]) end,
}
resolve = {
  GetProjectManager = function() return { GetCurrentProject = function() return project end } end,
  Fusion = function() return { RequestFile = function(_, folder) print("asked") return options.asked end } end,
}
bmd = { readdir = function(pattern)
  local found = {}
  for name, time in (options.files or ""):gmatch("([^:,]+):(%w*)") do
    found[#found + 1] = { Name = name, LastWriteTime = tonumber(time) or time }
  end
  return found
end }
dofile(arg[1])
