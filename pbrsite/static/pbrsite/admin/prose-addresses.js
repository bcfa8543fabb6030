// Addresses as they should be stored: ours without our name, others' without trackers.

const REDIRECTORS = [
  [/(^|\.)google\.[a-z.]+$/, "/url", ["q", "url"]],
  [/(^|\.)facebook\.com$/, "/l.php", ["u"]],
  [/\.safelinks\.protection\.outlook\.com$/, "/", ["url"]],
]
const TRACKERS = /^(utm_\w+|fbclid|gclid|dclid|msclkid|yclid|igshid|mc_[ce]id|_hs(enc|mi)|ref_src)$/i

const parse = (address) => {
  try {
    return new URL(address)
  } catch {
    return null
  }
}

// Return an address of this site as a path; any other as it is. `sites` are origins.
export function siteRelative(address, sites) {
  const url = parse(address)
  if (!url || ![location.origin, ...sites].includes(url.origin)) return address
  return url.pathname + url.search + url.hash
}

// Return where a link really leads, without what only tells who followed it.
export function cleanAddress(address, sites) {
  let url = parse(address.trim())
  if (!url) return address.trim()
  for (let turns = 0; turns < 3; turns += 1) {
    const target = behind(url)
    if (!target) break
    url = target
  }
  const trackers = [...url.searchParams.keys()].filter((name) => TRACKERS.test(name))
  for (const name of trackers) url.searchParams.delete(name)
  const plain = trackers.length || url.href !== parse(address.trim()).href
  return siteRelative(plain ? url.href : address.trim(), sites)
}

function behind(url) {
  for (const [host, path, names] of REDIRECTORS) {
    if (!host.test(url.hostname) || url.pathname !== path) continue
    const target = parse(names.map((name) => url.searchParams.get(name)).find(Boolean) ?? "")
    if (target && /^https?:$/.test(target.protocol)) return target
  }
  return null
}

// Return what a person wrote in an address box as an address, or "" when it can be none.
export function writtenAddress(text, sites) {
  const written = text.trim()
  if (/^(https?:\/\/|mailto:)\S+$/i.test(written)) return cleanAddress(written, sites)
  if (/^(\/(?!\/)|#)\S*$/.test(written)) return written
  if (/^[^\s@/]+@[^\s@/]+\.[a-z]{2,}$/i.test(written)) return `mailto:${written}`
  if (/^([\w-]+\.)+[a-z]{2,}(:\d+)?([/?#]\S*)?$/i.test(written)) {
    return cleanAddress(`https://${written}`, sites)
  }
  return ""
}
