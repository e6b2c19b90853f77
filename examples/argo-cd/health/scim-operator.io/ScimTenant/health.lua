-- Conditions have the sense of kstatus: Stalled is true when somebody has to change something.
local metadata = obj.metadata or {}
local status = obj.status or {}

local function condition(kind)
  for _, candidate in ipairs(status.conditions or {}) do
    if candidate.type == kind then
      return candidate
    end
  end
  return {}
end

local function health(code, message)
  return { status = code, message = message or "" }
end

local ready = condition("Ready")
local stalled = condition("Stalled")
local paused = condition("Paused")
local generation = metadata.generation or 0
local current = status.observedGeneration == generation

if metadata.deletionTimestamp ~= nil then
  if ready.reason == "DeletionWaits" then
    return health("Progressing", ready.message)
  end
  return health("Progressing", "It is being deleted")
end

if current and ready.status == "True" then
  if ready.reason == "Suspended" then
    return health("Suspended", ready.message)
  end
  return health("Healthy", ready.message)
end

if current and stalled.status == "True" then
  return health("Degraded", stalled.message)
end

-- Also of a generation that the operator has not taken up, because it will not before the pause ends.
if paused.status == "True" then
  return health("Suspended", paused.message)
end

if not current or ready.status == nil then
  return health("Progressing", "The operator has not taken up generation " .. generation .. " yet")
end

return health("Progressing", ready.message)
