// Figures: a picture of the media library with its words, and who made it.
import { crel, Image as BaseImage, Mark, Node } from "django-prose-editor/editor"
import { ask, field, textInput } from "pbrsite/dialog"

const DECORATIVE = "presentation"
const picks = new Map()
let lastPick = 0

const isPicture = (dom) => {
  const source = dom?.getAttribute("src")
  return source && URL.canParse(source, location) && /^https?:$/.test(new URL(source, location).protocol)
}

export const Image = BaseImage.extend({
  parseHTML: () => [{ tag: "img[src]", getAttrs: (dom) => (isPicture(dom) ? null : false) }],

  addAttributes() {
    const { title: _title, ...attributes } = this.parent?.() ?? {}
    return { ...attributes, role: { default: null } }
  },
})

export const Figure = Node.create({
  name: "figure",
  group: "block",
  content: "image caption?",
  draggable: true,
  isolating: true,

  addOptions() {
    return { pickerUrl: "" }
  },

  parseHTML() {
    return [{ tag: "figure", getAttrs: (dom) => (isPicture(dom.querySelector("img")) ? null : false) }]
  },

  renderHTML() {
    return ["figure", 0]
  },

  addCommands() {
    return {
      insertFigure:
        () =>
        ({ editor }) => {
          editFigure(editor, this.options.pickerUrl)
          return true
        },
    }
  },

  addNodeView() {
    return ({ editor, getPos }) => {
      const dom = crel("figure")
      dom.addEventListener("dblclick", (event) => {
        if (!event.target.closest("img") || !editor.isEditable) return
        editor.commands.setNodeSelection(getPos())
        editor.commands.insertFigure()
      })
      return { dom, contentDOM: dom }
    }
  },
})

export const Caption = Node.create({
  name: "caption",
  content: "inline*",
  isolating: true,
  parseHTML: () => [{ tag: "figcaption", context: "figure/" }],
  renderHTML: () => ["figcaption", 0],
})

// Who made the picture: small print at the end of its caption.
export const Credit = Mark.create({
  name: "credit",
  inclusive: false,
  parseHTML: () => [{ tag: "small:not([role])", context: "caption/" }],
  renderHTML: () => ["small", 0],
})

// Return what the selection stands in: {figure, at, image, imageAt, caption}; or null.
function selected({ selection }) {
  const { $from, node } = selection
  if (node?.type.name === "figure") return parts(node, selection.from)
  for (let depth = $from.depth; depth > 0; depth -= 1) {
    if ($from.node(depth).type.name === "figure") return parts($from.node(depth), $from.before(depth))
  }
  if (node?.type.name === "image") return { figure: node, at: selection.from, image: node, caption: null }
  return null
}

const parts = (figure, at) => ({
  figure,
  at,
  image: figure.firstChild,
  caption: figure.childCount > 1 ? figure.lastChild : null,
})

async function editFigure(editor, pickerUrl) {
  const found = selected(editor.state)
  const [captionNodes, credit] = split(found?.caption)
  const isPlain = captionNodes.every((node) => node.isText && !node.marks.length)
  const caption = captionNodes.map((node) => node.textContent).join("").trim()
  const form = new FigureForm({ image: found?.image.attrs ?? {}, caption, isPlain, credit }, pickerUrl)
  const answer = await ask({
    title: found ? "Change the picture" : "Picture",
    rows: form.rows,
    submit: found ? "Update" : "Insert",
    others: found ? { remove: "Remove picture" } : {},
    check: () => form.fault(),
  })
  if (answer === "remove") removeFigure(editor, found)
  else if (answer !== "submit") editor.commands.focus()
  else {
    const words = isPlain ? form.caption.value.trim() : captionNodes
    putFigure(editor, found, { attrs: form.attrs, words, credit: form.credit.value.trim() })
  }
}

// What is asked about a picture: which, what it shows, what stands below it, and who made it.
class FigureForm {
  constructor({ image, caption, isPlain, credit }, pickerUrl) {
    this.isPlain = isPlain
    this.picked = { file: image.file ?? null, width: image.width, height: image.height }
    this.src = textInput("imageUrl", image.src, { readOnly: true })
    this.alt = textInput("altText", image.alt, { maxLength: 300 })
    const checked = image.role === DECORATIVE
    this.decorative = crel("input", { type: "checkbox", name: "decorative", checked })
    this.caption = textInput("caption", caption, { readOnly: !isPlain })
    this.credit = textInput("credit", credit, { maxLength: 200 })
    this.preview = crel("img", { className: "prose-preview", alt: "", hidden: !image.src })
    if (image.src) this.preview.src = image.src
    this.browse = crel("button", { type: "button", textContent: "Choose from the media library…" })
    this.browse.addEventListener("click", () =>
      openLibrary(pickerUrl, (url, data) => this.take(url, data ?? {})),
    )
    this.decorative.addEventListener("change", () => this.mute())
    this.mute()
  }

  get rows() {
    const below = this.isPlain
      ? "Shown below the picture."
      : "It has links or notes: change it in the text."
    const maker = "Who made it and who owns it, such as “Photo: Ann Example, CC BY 4.0”."
    return [
      crel("div", { className: "prose-pick" }, [this.preview, this.browse]),
      field("Picture", this.src),
      field("Alternative text", this.alt, "What the picture shows, for people who cannot see it."),
      field("Only decoration: it says nothing the text does not say", this.decorative),
      field("Caption", this.caption, below),
      field("Credit", this.credit, maker),
    ]
  }

  get attrs() {
    const role = this.decorative.checked ? DECORATIVE : null
    return { ...this.picked, src: this.src.value, alt: role ? "" : this.alt.value.trim(), role }
  }

  fault() {
    if (!this.src.value) return "Choose a picture from the media library first."
    if (this.alt.value.trim() || this.decorative.checked) return ""
    return "Say what the picture shows, or mark it as only decoration."
  }

  // Take over what was chosen in the library, and what it knows about the picture.
  take(url, { id, alternative_text: alt, caption, copyright }) {
    this.src.value = this.preview.src = url
    this.preview.hidden = false
    this.picked = { file: id ? String(id) : null, width: null, height: null }
    this.refill(this.alt, alt ?? "") // Words about another picture are wrong here.
    if (this.isPlain && caption) this.refill(this.caption, caption)
    if (copyright) this.refill(this.credit, copyright)
    this.alt.focus()
  }

  // Replace what nobody has typed in this dialog.
  refill(input, value) {
    if (input.value === input.defaultValue) input.value = input.defaultValue = value
  }

  mute() {
    this.alt.disabled = this.decorative.checked
  }
}

// Return a caption's nodes before the credit, and the credit's text.
function split(caption) {
  const nodes = caption ? [...caption.content.content] : []
  const isCredit = (node) => node.marks.some((mark) => mark.type.name === "credit")
  const credit = nodes.filter(isCredit).map((node) => node.textContent).join("")
  return [nodes.filter((node) => !isCredit(node)), credit.trim()]
}

function putFigure(editor, found, { attrs, words, credit }) {
  const { schema, tr } = editor.state
  const inline = typeof words === "string" ? (words ? [schema.text(words)] : []) : [...words]
  if (credit) {
    const endsOpen = inline.length && !/\s$/.test(inline.at(-1).textContent)
    if (endsOpen) inline.push(schema.text(" "))
    inline.push(schema.text(credit, [schema.marks.credit.create()]))
  }
  const content = [schema.nodes.image.create(attrs)]
  if (inline.length) content.push(schema.nodes.caption.create(null, inline))
  const figure = schema.nodes.figure.create(null, content)
  if (found) tr.replaceWith(found.at, found.at + found.figure.nodeSize, figure)
  else tr.replaceSelectionWith(figure)
  const end = found ? null : endOf(figure, tr.doc)
  if (end !== null) placeToGoOn(tr, end)
  editor.view.dispatch(tr.scrollIntoView())
  if (end === null) editor.commands.focus()
  else editor.commands.focus(end + 1)
}

// Return where the figure ends: that very one, since another may look the same.
function endOf(figure, doc) {
  let end = null
  doc.descendants((node, at) => {
    if (node === figure) end = at + node.nodeSize
  })
  return end
}

// See to it that text stands after a new figure: what is typed next is no part of its caption.
function placeToGoOn(tr, end) {
  const next = tr.doc.resolve(end).nodeAfter
  if (!next?.isTextblock) tr.insert(end, tr.doc.type.schema.nodes.paragraph.create())
}

function removeFigure(editor, { at, figure }) {
  editor.chain().focus().deleteRange({ from: at, to: at + figure.nodeSize }).run()
}

// Open the library in a window of its own; it calls back through the name CKEditor gave this door.
function openLibrary(url, onPick) {
  window.CKEDITOR ??= {}
  window.CKEDITOR.tools ??= {}
  window.CKEDITOR.tools.callFunction = (number, ...picked) => {
    picks.get(Number(number))?.(...picked)
    picks.delete(Number(number))
  }
  lastPick += 1
  picks.set(lastPick, onPick)
  const mark = url.includes("?") ? "&" : "?"
  window.open(`${url}${mark}_popup=1&CKEditorFuncNum=${lastPick}`, "_blank", "width=900,height=700")
}
