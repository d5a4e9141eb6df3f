--[[ momentidx in DaVinci Resolve's menu Workspace > Scripts, in the free edition and in Studio.

`momentidx plugins install resolve` installs this file under four names, and its name says what it does:

  momentidx import selects   makes a timeline of the newest file that `momentidx export --to resolve` wrote
  momentidx append selects   puts its clips at the end of the open timeline
  momentidx import bin       the same with the bin that something was put into last, while momentidx runs
  momentidx append bin

Files are looked for in the folder that MOMENTIDX_EXPORTS names, else in `momentidx` in your home folder;
when there is none, or this version of Resolve does not tell how old files are, you are asked for one.
For a bin momentidx itself is asked over HTTP (by curl, which all three systems have): where it runs and what
opens it stands in `web.json` of the library that MOMENTIDX_LIBRARY names, else of yours.
Every marker carries the moment's number as custom data (`momentidx:41`). Apache-2.0.

The language is Lua 5.1, which Resolve runs. Frames are whole numbers throughout. --]]

local GREEN = "Green"
local SAME_EXPORT_SECONDS = 60 -- files of one export (one for each frame rate) are written within a minute

-- JSON ---------------------------------------------------------------------------------------------------

local ESCAPED = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function utf8_of(code)
  if code < 0x80 then return string.char(code) end
  local bytes, first = {}, 0x40
  while code >= first do
    table.insert(bytes, 1, string.char(0x80 + code % 0x40))
    code, first = math.floor(code / 0x40), first / 2
  end
  return string.char(0x100 - first * 2 + code) .. table.concat(bytes)
end

local function decode_json(text)
  local at, value = 1, nil

  local function token(pattern)
    local found, last = text:match("^%s*(" .. pattern .. ")()", at)
    if found then at = last end
    return found
  end

  local function string_value()
    local parts = {}
    while true do
      local plain, last = text:match('^([^"\\]*)()', at)
      parts[#parts + 1], at = plain, last
      local mark = text:sub(at, at)
      if mark == '"' then at = at + 1 return table.concat(parts) end
      if mark == "" then error("a string does not end", 0) end
      local escape = text:sub(at + 1, at + 1)
      at = at + 2
      if escape == "u" then
        local code = tonumber(text:sub(at, at + 3), 16)
        local low = text:match("^\\u([dD][c-fC-F]%x%x)", at + 4)
        at = at + 4
        if low and code >= 0xD800 and code < 0xDC00 then
          code, at = 0x10000 + (code - 0xD800) * 0x400 + tonumber(low, 16) - 0xDC00, at + 6
        end
        parts[#parts + 1] = utf8_of(code)
      else
        parts[#parts + 1] = ESCAPED[escape] or escape
      end
    end
  end

  local function collection(close, put)
    if token(close) then return end
    repeat put() until not token(",")
    if not token(close) then error("a list or object does not end at byte " .. at, 0) end
  end

  function value()
    if token('"') then return string_value() end
    if token("{") then
      local object = {}
      collection("}", function()
        if not token('"') then error("a name is missing at byte " .. at, 0) end
        local name = string_value()
        token(":")
        object[name] = value()
      end)
      return object
    end
    if token("%[") then
      local list = {}
      -- nil has no place in a list, so null becomes false there
      collection("%]", function() list[#list + 1] = value() or false end)
      return list
    end
    if token("true") then return true end
    if token("false") or token("null") then return nil end
    return tonumber(token("-?[%d%.eE+-]+")) or error("nothing readable at byte " .. at, 0)
  end

  return value()
end

-- The exported file --------------------------------------------------------------------------------------

local function whole(number) return math.floor(number + 0.5) end

local function frames(range) return whole(range.start_time.value), whole(range.duration.value) end

-- Clips {path, first, length, record} with frames from each file's first picture, and markers.
local function read_selects(path)
  local file = io.open(path, "rb")
  if not file then error(path .. " cannot be opened.", 0) end
  local text = file:read("*a")
  file:close()
  local read, timeline = pcall(decode_json, text)
  if not read or type(timeline) ~= "table" or not (timeline.metadata or {}).momentidx then
    error(path .. " is not a timeline of momentidx. Export it with: momentidx export ... --to resolve", 0)
  end
  local selects = { path = path, name = timeline.name, rate = timeline.global_start_time.rate, clips = {}, markers = {} }
  local record = 0
  for _, item in ipairs(timeline.tracks.children[1].children) do
    local start, length = frames(item.source_range)
    if item.OTIO_SCHEMA:match("^Clip") then
      local reference = item.media_references[item.active_media_reference_key]
      local zero = frames(reference.available_range)
      table.insert(selects.clips, {
        path = reference.target_url, first = start - zero, length = length, record = record,
        rate = reference.available_range.duration.rate,
      })
    end
    record = record + length
  end
  for _, marker in ipairs(timeline.tracks.markers) do
    local start, length = frames(marker.marked_range)
    table.insert(selects.markers, {
      frame = start, length = length, name = marker.name, note = marker.comment or "",
      data = ((marker.metadata or {}).momentidx or {}).customData or "",
    })
  end
  return selects
end

-- Which file ---------------------------------------------------------------------------------------------

local function exports_folder()
  return os.getenv("MOMENTIDX_EXPORTS") or (os.getenv("HOME") or os.getenv("USERPROFILE") or ".") .. "/momentidx"
end

-- The newest .otio files of the folder: one, or several when an export wrote one for each frame rate.
local function newest(folder)
  local entries, newest_time, found = bmd and bmd.readdir and bmd.readdir(folder .. "/*.otio") or {}, nil, {}
  for _, entry in ipairs(entries) do
    local time = tonumber(entry.LastWriteTime)
    if time and (not newest_time or time > newest_time) then newest_time = time end
  end
  for _, entry in ipairs(entries) do
    local time = tonumber(entry.LastWriteTime)
    if time and newest_time - time <= SAME_EXPORT_SECONDS then table.insert(found, folder .. "/" .. entry.Name) end
  end
  table.sort(found)
  return found
end

local function chosen()
  local folder = exports_folder()
  local found = newest(folder)
  if #found > 0 then return found end
  local fusion = resolve:Fusion()
  local asked = fusion and fusion:RequestFile(folder, "", { FReqS_Filter = "OpenTimelineIO (*.otio)|*.otio" })
  return asked and { asked } or {}
end

-- A running momentidx -------------------------------------------------------------------------------------

local WINDOWS = package.config:sub(1, 1) == "\\"

local function library_folder()
  local home = os.getenv("HOME") or os.getenv("USERPROFILE") or "."
  if os.getenv("MOMENTIDX_LIBRARY") then return os.getenv("MOMENTIDX_LIBRARY") end
  if WINDOWS then return (os.getenv("LOCALAPPDATA") or home .. "\\AppData\\Local") .. "\\momentidx" end
  local mac = io.open("/System/Library/CoreServices/SystemVersion.plist")
  if mac then
    mac:close()
    return home .. "/Library/Application Support/momentidx"
  end
  return (os.getenv("XDG_DATA_HOME") or home .. "/.local/share") .. "/momentidx"
end

local function read_whole(path)
  local file = io.open(path, "rb")
  if not file then return nil end
  local text = file:read("*a")
  file:close()
  return text
end

-- Where momentidx runs, and its token.
local function address()
  local file = library_folder() .. "/web.json"
  local text = read_whole(file)
  local read, told = pcall(decode_json, text or "")
  if not read or type(told) ~= "table" or not told.url then
    error("momentidx does not run (" .. file .. " names no address). Start it: momentidx watch, or momentidx serve.", 0)
  end
  return told
end

-- A name of a file that only we can read; Lua makes it on Linux and macOS, and Windows has a folder for each user.
local function private_name()
  if not WINDOWS then return os.tmpname() end
  return (os.getenv("TEMP") or ".") .. "\\momentidx-" .. os.time() .. "-" .. math.random(1e6) .. ".txt"
end

local function quoted(text) return '"' .. text:gsub('[\\"]', "\\%0"):gsub("\n", "\\n") .. '"' end

-- Ask momentidx; the answer's text. The token goes through a file, since others can see what programs are called with.
local function ask(server, path, body)
  local config, answer = private_name(), private_name()
  local lines = {
    "url = " .. quoted(server.url .. path),
    "header = " .. quoted("Authorization: Bearer " .. server.token),
    "output = " .. quoted(answer),
    'write-out = "%{http_code}"', 'noproxy = "*"', "silent", "max-time = 120",
  }
  if body then
    table.insert(lines, 'header = "Content-Type: application/json"')
    table.insert(lines, "data-binary = " .. quoted(body))
  end
  local file = assert(io.open(config, "wb"))
  file:write(table.concat(lines, "\n"), "\n")
  file:close()
  local pipe = assert(io.popen('curl -q -K "' .. config .. '"'))
  local status = pipe:read("*a")
  pipe:close()
  local text = read_whole(answer) or ""
  os.remove(config)
  os.remove(answer)
  if status == "200" then return text end
  local _, told = pcall(decode_json, text)
  if type(told) == "table" and told.error then error(told.error.message, 0) end
  error("momentidx does not answer at " .. server.url .. " (" .. status .. "). Start it: momentidx watch.", 0)
end

local function encode_string(text)
  local safe = text:gsub('[%c\\"]', function(mark) return string.format("\\u%04x", mark:byte()) end)
  return '"' .. safe .. '"'
end

-- Have the bin that something was put into last exported, or the one that MOMENTIDX_BIN names; the files.
local function fetched_bin()
  local server, wanted, newest_bin = address(), os.getenv("MOMENTIDX_BIN"), nil
  for _, bin in ipairs(decode_json(ask(server, "/api/v1/selects"))) do
    if not newest_bin or bin.added_at > newest_bin.added_at then newest_bin = bin end
  end
  local name = wanted or (newest_bin and newest_bin.bin)
  if not name then error("There is no bin yet. Choose moments in momentidx first.", 0) end
  local body = '{"what": {"selects": ' .. encode_string(name) .. '}, "to": ["otio-resolve"]}'
  local paths = {}
  for _, file in ipairs(decode_json(ask(server, "/api/v1/exports", body)).files) do
    local base = private_name()
    os.remove(base)
    local path = base .. ".otio"
    local written = assert(io.open(path, "wb"))
    written:write((ask(server, file.url)))
    written:close()
    table.insert(paths, path)
  end
  return paths
end

-- In Resolve ---------------------------------------------------------------------------------------------

local function add_marker(timeline, frame, marker)
  -- An import may have brought the marker already; only its custom data is missing then.
  if not timeline:AddMarker(frame, GREEN, marker.name, marker.note, marker.length, marker.data) then
    timeline:UpdateMarkerCustomData(frame, marker.data)
  end
end

-- Resolve makes no timeline, and says nothing, when the name is taken.
local function free_name(project, name)
  local taken = {}
  for index = 1, project:GetTimelineCount() do taken[project:GetTimelineByIndex(index):GetName()] = true end
  local free, number = name, 1
  while taken[free] do
    number = number + 1
    free = name .. " " .. number
  end
  return free
end

local function import_selects(project, selects)
  local options = { timelineName = free_name(project, selects.name), importSourceClips = true }
  local timeline = project:GetMediaPool():ImportTimelineFromFile(selects.path, options)
  if not timeline then
    error("Resolve did not import " .. selects.path .. ". Check that its footage is online.", 0)
  end
  for _, marker in ipairs(selects.markers) do add_marker(timeline, marker.frame, marker) end
  print("momentidx: made the timeline '" .. options.timelineName .. "' of " .. #selects.clips .. " clips.")
end

local function known_media(folder, found)
  for _, item in ipairs(folder:GetClipList()) do
    local path = item:GetClipProperty("File Path")
    if path and path ~= "" then found[path] = item end
  end
  for _, inner in ipairs(folder:GetSubFolderList()) do known_media(inner, found) end
  return found
end

local function append_selects(project, selects)
  local timeline, pool = project:GetCurrentTimeline(), project:GetMediaPool()
  if not timeline then error("No timeline is open. Open one, or use 'momentidx import selects'.", 0) end
  local rate = tonumber(timeline:GetSetting("timelineFrameRate"))
  local media, clips = known_media(pool:GetRootFolder(), {}), {}
  for _, clip in ipairs(selects.clips) do
    if math.abs(rate - clip.rate) > 0.01 then
      error("The open timeline has " .. rate .. " frames a second and " .. clip.path .. " has another rate. "
        .. "Use 'momentidx import selects', or open a timeline of that rate.", 0)
    end
    media[clip.path] = media[clip.path] or (pool:ImportMedia({ clip.path }) or {})[1]
    if not media[clip.path] then error(clip.path .. " cannot be imported. Connect its drive.", 0) end
    -- Source frames count from the first picture, and the last one is meant.
    table.insert(clips, {
      mediaPoolItem = media[clip.path], startFrame = clip.first, endFrame = clip.first + clip.length - 1,
    })
  end
  local marker = 1
  for number, clip in ipairs(selects.clips) do
    local item = (pool:AppendToTimeline({ clips[number] }) or {})[1]
    if not item then error("Resolve did not append clip " .. number .. " (" .. clip.path .. ").", 0) end
    if item:GetDuration() ~= clip.length then
      print("momentidx: clip " .. number .. " has " .. item:GetDuration() .. " frames instead of " .. clip.length .. ".")
    end
    local start = item:GetStart() - timeline:GetStartFrame()
    while selects.markers[marker] and selects.markers[marker].frame < clip.record + clip.length do
      local found = selects.markers[marker]
      add_marker(timeline, start + found.frame - clip.record, found)
      marker = marker + 1
    end
  end
  print("momentidx: appended " .. #clips .. " clips to '" .. timeline:GetName() .. "'.")
end

local function main()
  local project = resolve:GetProjectManager():GetCurrentProject()
  if not project then error("No project is open.", 0) end
  local own_name = debug.getinfo(1, "S").source:match("[^/\\]*$")
  local act = own_name:find("append", 1, true) and append_selects or import_selects
  local live = own_name:find("bin", 1, true)
  local paths = live and fetched_bin() or chosen()
  if #paths == 0 then
    print("momentidx: nothing to import. Export first: momentidx export \"words\" --to resolve -o "
      .. exports_folder() .. "/selects.otio")
  end
  for _, path in ipairs(paths) do
    local done, message = pcall(function() act(project, read_selects(path)) end)
    if live then os.remove(path) end
    if not done then error(message, 0) end
  end
end

resolve = resolve or Resolve()
local done, message = pcall(main)
if not done then print("momentidx: " .. tostring(message)) end
