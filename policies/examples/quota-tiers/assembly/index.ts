// Who gets how much, by tiers that the settings describe. All of them are read with every question, so that a
// mistake in any shows at once, and nobody comes in until it is mended.

import { Decision, OperationRequest, Quota, Settings, UserRequest } from 'portcullis'

export function authzUser(user: UserRequest): Decision {
  return tierOf(user) == null ? Decision.deny('no tier is booked for this account') : Decision.allow()
}

// Whoever comes in may do everything; the tiers differ in how much of it.
export function authzOperation(request: OperationRequest): Decision {
  return Decision.allow()
}

export function queryQuota(user: UserRequest): Quota {
  const tier = tierOf(user)
  if (tier == null) throw new Error('who has no tier has no quota')
  return tier.quota
}

class Tier {
  private members: string[]
  quota: Quota

  constructor(name: string) {
    this.members = needed(name + '.members')
    this.quota = quotaOf(name + '.quota')
  }

  // Asks about each group even after one was found: one that is no SID ends the question.
  has(user: UserRequest): bool {
    let found = false
    for (let index = 0; index < this.members.length; index++) {
      if (user.inGroup(this.members[index])) found = true
    }
    return found
  }
}

// The first tier that the user is a member of; the settings name the best one first.
function tierOf(user: UserRequest): Tier | null {
  const names = needed('tiers')
  let first: Tier | null = null
  for (let index = 0; index < names.length; index++) {
    const tier = new Tier(names[index])
    if (tier.has(user) && first == null) first = tier
  }
  return first
}

function quotaOf(key: string): Quota {
  const limits = needed(key)
  if (limits.length != 4) {
    throw new Error('"' + key + '" must have shells, operations, seconds, operations in that time')
  }
  return new Quota(
    limitOf(key, limits[0]),
    limitOf(key, limits[1]),
    limitOf(key, limits[2]),
    limitOf(key, limits[3]),
  )
}

// u32.parse would take "20 shells" for 20.
function limitOf(key: string, text: string): u32 {
  let value: u64 = 0
  for (let index = 0; index < text.length && value <= u32.MAX_VALUE; index++) {
    const digit = text.charCodeAt(index) - 48
    if (digit < 0 || digit > 9) throw new Error('"' + key + '" has "' + text + '" where a number should be')
    value = value * 10 + digit
  }
  if (value == 0 || value > u32.MAX_VALUE) {
    throw new Error('"' + key + '" has "' + text + '", which is not from 1 to 4294967295')
  }
  return <u32>value
}

function needed(key: string): string[] {
  const values = Settings.list(key)
  if (values.length == 0) throw new Error('the settings have nothing under "' + key + '"')
  return values
}
