// Clean paste: what Word, Google Docs and web pages put on the clipboard, as we would write it.
import { Extension, pm } from "django-prose-editor/editor"
import { cleanAddress } from "pbrsite/addresses"
import { notify } from "pbrsite/dialog"

const OWN = "data-pm-slice" // What this editor itself copied is right already.
const JUNK =
  "script, style, meta, link, title, xml, noscript, template, iframe, object, embed, svg, math, " +
  "form, button, input, select, textarea, audio, video, canvas, colgroup, [hidden], [aria-hidden=true]"
const KEPT = {
  A: ["href"],
  IMG: ["src", "alt", "role", "data-file"],
  OL: ["start", "type"],
  SMALL: ["role"],
  TD: ["colspan", "rowspan"],
  TH: ["colspan", "rowspan"],
}
const NOTICE =
  "left out: it is not in the media library. Save it, upload it there and put it in with the picture button."

export const CleanPaste = Extension.create({
  name: "cleanPaste",

  addOptions() {
    return { siteUrl: location.origin, mediaUrl: "/media/" }
  },

  addProseMirrorPlugins() {
    const { editor, options } = this
    const refuse = (count) => {
      const what = count === 1 ? "One picture was" : `${count} pictures were`
      if (count) notify(editor, `${what} ${NOTICE}`)
    }
    const transformPastedHTML = (html) => {
      const { clean, dropped } = cleanPasted(html, options)
      refuse(dropped)
      return clean
    }
    // A picture alone, from a screenshot or dropped from a folder.
    const takeFiles = (_view, event) => {
      const data = event.clipboardData ?? event.dataTransfer
      const pictures = [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/"))
      if (!pictures.length || data.types.includes("text/html")) return false
      event.preventDefault()
      refuse(pictures.length)
      return true
    }
    const props = { transformPastedHTML, handlePaste: takeFiles, handleDrop: takeFiles }
    return [new pm.state.Plugin({ props })]
  },
})

// Return {clean, dropped}: the HTML to take over, and how many pictures it does not hold.
export function cleanPasted(html, { siteUrl, mediaUrl }) {
  if (html.includes(OWN)) return { clean: html, dropped: 0 }
  const { body } = new DOMParser().parseFromString(html, "text/html")
  const dropped = dropPictures(body, [mediaUrl, new URL(mediaUrl, siteUrl).href, new URL(mediaUrl, location).href])
  takeOverNotes(body)
  makeWordLists(body)
  for (const junk of body.querySelectorAll(JUNK)) junk.remove()
  dropComments(body)
  for (const element of body.querySelectorAll("*")) if (element.localName.includes(":")) unwrap(element)
  styleToElements(body)
  mapHeadings(body)
  headTables(body)
  for (const link of body.querySelectorAll("a")) mendLink(link, body, [siteUrl])
  tidySpaces(body)
  for (const element of body.querySelectorAll("*")) keepAttributes(element)
  dropEmpty(body)
  return { clean: body.innerHTML, dropped }
}

function unwrap(element) {
  element.replaceWith(...element.childNodes)
}

function rename(element, name) {
  const renamed = element.ownerDocument.createElement(name)
  for (const { name: key, value } of element.attributes) {
    if (/^[\w-]+$/.test(key)) renamed.setAttribute(key, value)
  }
  renamed.append(...element.childNodes)
  element.replaceWith(renamed)
  return renamed
}

function dropPictures(body, ours) {
  let dropped = 0
  for (const picture of body.querySelectorAll("img, v\\:imagedata")) {
    const source = picture.getAttribute("src") ?? ""
    if (ours.some((start) => source.startsWith(start))) continue
    const isDot = picture.width === 1 && picture.height === 1
    const figure = picture.closest("figure")
    if (!isDot) dropped += 1
    if (figure && figure.querySelectorAll("img").length === 1) figure.remove()
    else picture.remove()
  }
  return dropped
}

// Word, Google's exports, LibreOffice and our own pages all write a note as a link to a place that
// links back. Put the words of that place where the first link stands.
function takeOverNotes(body) {
  const places = new Map()
  for (const element of body.querySelectorAll("[id], a[name]")) {
    for (const name of [element.id, element.getAttribute("name")]) {
      if (name && !places.has(name)) places.set(name, element)
    }
  }
  const aim = (link) => decodeURIComponent(link.getAttribute("href")?.split("#")[1] ?? "")
  const spent = new Set()
  for (const link of body.querySelectorAll("a[href*='#']")) {
    const place = places.get(aim(link))
    const isBehind = place && link.compareDocumentPosition(place) & Node.DOCUMENT_POSITION_FOLLOWING
    if (!isBehind || !link.isConnected) continue
    const block = noteBlock(place)
    const names = [link, link.parentElement].flatMap((one) => [one.id, one.getAttribute("name")])
    const back = [...block.querySelectorAll("a[href*='#']")].filter((one) => names.includes(aim(one)))
    if (!back.length || block.contains(link)) continue
    for (const one of back) one.remove()
    const mark = link.closest("sup") ?? link
    mark.replaceWith(noteFrom(block))
    spent.add(block)
  }
  for (const block of spent) dropNote(block)
}

function noteBlock(place) {
  const block = place.closest("li, [style*='mso-element'], [id^=sdfootnote], [id^=sdendnote]")
  return block ?? (place.localName === "div" ? place : (place.closest("p, div") ?? place))
}

function noteFrom(block) {
  const note = block.ownerDocument.createElement("small")
  note.setAttribute("role", "doc-footnote")
  const paragraphs = [...block.querySelectorAll("p")]
  for (const part of paragraphs.length ? paragraphs : [block]) {
    note.append(...[...part.childNodes].map((node) => node.cloneNode(true)), " ")
  }
  for (const empty of note.querySelectorAll("sup")) if (!empty.textContent.trim()) empty.remove()
  return note
}

// Take a note's block away, and the list, the line and the heading above that were there for it.
function dropNote(block) {
  const parent = block.parentElement
  block.remove()
  if (!parent || parent.localName === "body" || parent.querySelector("li, p, div")) return
  const section = parent.closest("section, [style*='mso-element']") ?? parent
  const before = section.previousElementSibling
  if (before?.localName === "hr") before.remove()
  section.remove()
}

// Word writes a list as paragraphs that say their level and carry their own bullet or number.
function makeWordLists(body) {
  let open = [] // The lists being filled, outermost first: {list, level}.
  let last = null
  for (const paragraph of [...body.querySelectorAll("p, h1, h2, h3, h4, h5, h6")]) {
    const level = Number(/mso-list:\s*l\d+\s+level(\d+)/i.exec(paragraph.getAttribute("style"))?.[1])
    if (!level) continue
    const name = takeMarker(paragraph)
    if (/^h/i.test(paragraph.localName)) continue // A numbered heading is a heading.
    if (paragraph.previousElementSibling !== last) open = []
    while (open.length && open.at(-1).level > level) open.pop()
    if (open.length && open.at(-1).level === level && open.at(-1).list.localName !== name.list) open.pop()
    if (!open.length || open.at(-1).level < level) {
      const list = body.ownerDocument.createElement(name.list)
      if (name.start > 1) list.setAttribute("start", name.start)
      if (open.length) open.at(-1).list.lastElementChild.append(list)
      else paragraph.before(list)
      open.push({ list, level })
      if (open.length === 1) last = list
    }
    open.at(-1).list.append(rename(paragraph, "li"))
    last = open[0].list
  }
}

// Remove a list paragraph's own marker, and say which list it belongs to.
function takeMarker(paragraph) {
  const marker = [...paragraph.querySelectorAll("span")].find((span) =>
    /mso-list:\s*Ignore/i.test(span.getAttribute("style") ?? ""),
  )
  const text = marker?.textContent.replace(/\s/g, "") ?? ""
  marker?.remove()
  const number = /^\(?(\d+|[a-z]{1,4})[.)]$/i.exec(text)?.[1]
  return { list: number ? "ol" : "ul", start: /^\d+$/.test(number) ? Number(number) : 1 }
}

function dropComments(body) {
  const walker = body.ownerDocument.createTreeWalker(body, NodeFilter.SHOW_COMMENT)
  const comments = []
  while (walker.nextNode()) comments.push(walker.currentNode)
  for (const comment of comments) comment.remove()
}

// Say with elements what a word processor says with styles; forget every other look.
function styleToElements(body) {
  for (const element of body.querySelectorAll("b, i, strong, em, span, font, dir, center, u, ins, cite")) {
    const { fontWeight, fontStyle } = element.style
    const isBold = /^(bold|bolder|[6-9]00)$/.test(fontWeight)
    const isItalic = /^(italic|oblique)/.test(fontStyle)
    const isBoldTag = /^(b|strong)$/.test(element.localName) && !/^(normal|lighter|[1-5]00)$/.test(fontWeight)
    const isItalicTag = /^(i|em|cite)$/.test(element.localName) && fontStyle !== "normal"
    const isBlock = element.querySelector("p, h1, h2, h3, h4, h5, h6, ul, ol, table, div, blockquote")
    const inHeading = element.closest("h1, h2, h3, h4, h5, h6")
    const names = []
    if ((isBold || isBoldTag) && !isBlock && !inHeading) names.push("strong")
    if ((isItalic || isItalicTag) && !isBlock) names.push("em")
    for (const name of names) {
      const wrapper = body.ownerDocument.createElement(name)
      wrapper.append(...element.childNodes)
      element.append(wrapper)
    }
    unwrap(element)
  }
}

// Our headings start at the second level: the first is the post's title.
function mapHeadings(body) {
  for (const title of body.querySelectorAll("p.MsoTitle, p.MsoSubtitle")) {
    rename(title, title.matches(".MsoTitle") ? "h2" : "p")
  }
  const isShifted = body.querySelectorAll("h1").length > 1
  for (const heading of body.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    const level = Number(heading.localName[1]) + (isShifted ? 1 : 0)
    rename(heading, `h${Math.min(4, Math.max(2, level))}`)
  }
}

// A first row that is all bold is meant as the heading row; a frame of one cell is no table.
function headTables(body) {
  for (const table of body.querySelectorAll("table")) {
    const rows = [...table.querySelectorAll("tr")]
    if (rows.length === 1 && rows[0].children.length === 1) {
      table.replaceWith(...rows[0].firstElementChild.childNodes)
      continue
    }
    if (rows.length < 2) continue
    const isHead = [...rows[0].children].every((cell) => {
      const bold = [...cell.querySelectorAll("strong")].map((one) => one.textContent).join("")
      return bold.trim() && bold.trim() === cell.textContent.trim()
    })
    if (!isHead) continue
    for (const strong of rows[0].querySelectorAll("strong")) unwrap(strong)
    for (const cell of [...rows[0].children]) if (cell.localName === "td") rename(cell, "th")
  }
}

// A link leads somewhere with words to press; anything else is just its words.
function mendLink(link, body, sites) {
  const href = cleanAddress(link.getAttribute("href") ?? "", sites)
  const isGood = /^(https?:\/\/|mailto:|\/(?!\/))/i.test(href)
  if (!isGood || !link.textContent.trim()) return unwrap(link)
  link.setAttribute("href", href)
}

function tidySpaces(body) {
  const walker = body.ownerDocument.createTreeWalker(body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const text = walker.currentNode
    if (text.parentElement.closest("pre")) continue
    text.data = text.data
      .replace(/[\u200b\ufeff\u00ad]/g, "")
      .replace(/[\s\u00a0]{2,}|[\t\n\r]/g, " ")
      .replace(/^\u00a0|\u00a0$/g, " ")
  }
}

function keepAttributes(element) {
  const kept = KEPT[element.nodeName] ?? []
  for (const { name } of [...element.attributes]) if (!kept.includes(name)) element.removeAttribute(name)
}

// Leave out blank lines, line breaks between blocks, and marks around nothing.
function dropEmpty(body) {
  for (const br of body.querySelectorAll(":scope > br, div > br:only-child, li > br:last-child")) br.remove()
  const hollow = "strong, em, a, small, p, h2, h3, h4, li, ul, ol, blockquote, div"
  for (const element of [...body.querySelectorAll(hollow)].reverse()) {
    const holds = element.textContent.trim() || element.querySelector("img, hr, table")
    const isRoom = element.localName === "p" && element.closest("td, th")
    if (holds || isRoom) continue
    if (/^(strong|em|a)$/.test(element.localName)) unwrap(element)
    else element.remove()
  }
}
