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

local accepted = condition("Accepted")
local stalled = condition("Stalled")
local generation = metadata.generation or 0

if metadata.deletionTimestamp ~= nil then
  return health("Progressing", "It is being deleted")
end

if status.observedGeneration ~= generation or accepted.status == nil then
  return health("Progressing", "The operator has not taken up generation " .. generation .. " yet")
end

if accepted.status == "True" then
  return health("Healthy", accepted.message)
end

if stalled.status == "True" then
  return health("Degraded", stalled.message)
end

return health("Progressing", accepted.message)
