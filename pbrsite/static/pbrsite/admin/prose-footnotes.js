// Footnotes: a numbered mark in the text, its note written in a small editor of its own.
import {
  Bold,
  crel,
  Document,
  Editor,
  History,
  Italic,
  Node,
  Paragraph,
  pm,
  Text,
} from "django-prose-editor/editor"
import { ask } from "pbrsite/dialog"
import { Link } from "pbrsite/links"
import { CleanPaste } from "pbrsite/paste"

const ROLE = "doc-footnote"
const INLINE = { STRONG: "strong", B: "strong", EM: "em", I: "em", A: "a" }

// Return an element's words and plain marks as HTML: all that a note may hold. Nothing is run: the
// element comes from a parsed document, and what is kept is written anew.
export function noteHTML(element) {
  const kept = new DOMParser().parseFromString("", "text/html").body
  copyInline(element, kept)
  return kept.innerHTML.trim()
}

function copyInline(from, to) {
  for (const child of from.childNodes) {
    if (child.nodeType === 3) to.append(child.data.replace(/\s+/g, " "))
    if (child.nodeType !== 1) continue
    const copy = to.ownerDocument.createElement(INLINE[child.nodeName] ?? "span")
    copyInline(child, copy)
    const href = child.getAttribute("href") ?? ""
    const isKept = INLINE[child.nodeName] && (copy.localName !== "a" || /^(https?:|mailto:|\/|#)/i.test(href))
    if (copy.localName === "a" && isKept) copy.setAttribute("href", href)
    if (isKept) to.append(copy)
    else to.append(...copy.childNodes)
  }
}

export const Footnote = Node.create({
  name: "footnote",
  group: "inline",
  inline: true,
  atom: true,
  selectable: true,
  draggable: true,

  addOptions() {
    return { link: {}, paste: {} }
  },

  addAttributes() {
    return { html: { default: "", parseHTML: noteHTML, rendered: false } }
  },

  parseHTML() {
    return [{ tag: `small[role="${ROLE}"]`, priority: 100 }]
  },

  renderHTML({ node }) {
    const dom = crel("small", { role: ROLE })
    dom.append(...parsed(node.attrs.html))
    return { dom }
  },

  renderText() {
    return ""
  },

  addNodeView() {
    return ({ node, editor, getPos }) => {
      const dom = crel("sup", { className: "prose-footnote", contentEditable: "false" })
      const say = ({ attrs }) => {
        const words = crel("span", {}, parsed(attrs.html)).textContent
        dom.title = words
        dom.setAttribute("role", "button")
        dom.setAttribute("aria-label", `Footnote: ${words}`)
      }
      say(node)
      dom.addEventListener("click", () => editor.isEditable && editFootnote(editor, getPos(), this.options))
      return {
        dom,
        update(next) {
          if (next.type !== node.type) return false
          say(next)
          return true
        },
      }
    }
  },

  addCommands() {
    return {
      addFootnote:
        () =>
        ({ editor, state }) => {
          const { node, from } = state.selection
          editFootnote(editor, node?.type === this.type ? from : null, this.options)
          return true
        },
    }
  },

  addKeyboardShortcuts() {
    const open = ({ editor }) =>
      editor.state.selection.node?.type === this.type && editor.commands.addFootnote()
    return { "Mod-Alt-f": ({ editor }) => editor.commands.addFootnote(), Enter: open }
  },

  addProseMirrorPlugins() {
    // A mark around a note would hold the note's own links and be its number's style.
    const appendTransaction = (transactions, _old, state) => {
      if (!transactions.some((one) => one.docChanged)) return null
      const { tr } = state
      state.doc.descendants((node, at) => {
        if (node.type === this.type && node.marks.length) tr.removeMark(at, at + 1)
      })
      return tr.docChanged ? tr : null
    }
    return [new pm.state.Plugin({ appendTransaction })]
  },
})

const parsed = (html) => [...new DOMParser().parseFromString(html, "text/html").body.childNodes]

// Write the note at that place anew, or a new one behind the selection when there is none.
async function editFootnote(editor, at, options) {
  const isNew = at === null
  const frame = crel("div", { className: "prose-note" })
  const note = noteEditor(frame, isNew ? "" : editor.state.doc.nodeAt(at).attrs.html, options)
  const asked = ask({
    title: isNew ? "Footnote" : "Change the footnote",
    rows: [tools(note), frame],
    submit: isNew ? "Insert footnote" : "Change",
    others: isNew ? {} : { remove: "Remove footnote" },
    check: () => (note.isEmpty ? "Write the note first." : ""),
  })
  note.commands.focus("end")
  const answer = await asked
  const html = noteHTML(new DOMParser().parseFromString(note.getHTML(), "text/html").body)
  note.destroy()
  const chain = editor.chain().focus()
  if (answer === "remove") chain.deleteRange({ from: at, to: at + 1 }).run()
  else if (answer !== "submit") chain.run()
  else if (isNew) {
    const { to } = editor.state.selection
    chain.insertContentAt(to, { type: "footnote", attrs: { html } }).setTextSelection(to + 1).run()
  } else {
    chain.setNodeSelection(at).updateAttributes("footnote", { html }).setTextSelection(at + 1).run()
  }
}

function noteEditor(element, html, { link, paste }) {
  return new Editor({
    element,
    extensions: [
      Document.extend({
        content: "paragraph",
        addKeyboardShortcuts() {
          return {
            Enter: () => element.closest("form").requestSubmit() ?? true,
            Escape: () => element.closest("dialog").close() ?? true,
          }
        },
      }),
      Paragraph,
      Text,
      Bold,
      Italic,
      History,
      Link.configure(link),
      CleanPaste.configure(paste),
    ],
    content: `<p>${html}</p>`,
    editorProps: {
      attributes: { role: "textbox", "aria-multiline": "true", "aria-label": "Text of the note" },
    },
  })
}

function tools(note) {
  const button = (label, mark, run) => {
    const dom = crel("button", { type: "button", textContent: label, "aria-pressed": "false" })
    dom.addEventListener("click", run)
    note.on("transaction", () => dom.setAttribute("aria-pressed", String(note.isActive(mark))))
    return dom
  }
  return crel("div", { className: "prose-tools" }, [
    button("Bold", "bold", () => note.chain().focus().toggleBold().run()),
    button("Italic", "italic", () => note.chain().focus().toggleItalic().run()),
    button("Link", "link", () => note.commands.addLink()),
  ])
}
