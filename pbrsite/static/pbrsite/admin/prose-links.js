// Links, with a search over our own posts in the address box.
import { crel, Link as BaseLink, pm } from "django-prose-editor/editor"
import { cleanAddress, siteRelative, writtenAddress } from "pbrsite/addresses"
import { ask, field, textInput } from "pbrsite/dialog"

const PATIENCE = 150 // milliseconds after the last key

export const Link = BaseLink.extend({
  inclusive: false, // What is typed behind a link is not part of it.

  addOptions() {
    return { ...this.parent?.(), searchUrl: "", sites: [] }
  },

  addAttributes() {
    const { class: _class, target: _target, rel: _rel, ...attributes } = this.parent?.() ?? {}
    const renderHTML = ({ href }) => ({ href: href && siteRelative(href, this.options.sites) })
    return { ...attributes, href: { ...attributes.href, renderHTML } }
  },

  addMenuItems() {},

  addCommands() {
    return {
      ...this.parent?.(),
      addLink:
        () =>
        ({ editor }) => {
          editLink(editor, this.options)
          return true
        },
    }
  },

  addProseMirrorPlugins() {
    const { sites } = this.options
    return [new pm.state.Plugin({ props: { handlePaste: pastedAddress(sites) } }), ...this.parent?.()]
  },
})

async function editLink(editor, { searchUrl, sites }) {
  const isEdit = editor.isActive("link")
  if (isEdit) editor.chain().extendMarkRange("link").run()
  const { from, to, empty } = editor.state.selection
  const href = textInput("href", editor.getAttributes("link").href, { spellcheck: false })
  const text = textInput("text")
  const found = new PostBox(href, searchUrl, (post) => {
    text.value ||= post.title
  })
  const hint = "Write words of a title to find a post of ours, or paste an address."
  const rows = [field("Post or address", href, hint), found.dom]
  if (empty) rows.push(field("Words of the link", text))
  const answer = await ask({
    title: isEdit ? "Change the link" : "Link",
    rows,
    submit: isEdit ? "Change" : "Insert link",
    others: isEdit ? { remove: "Remove link" } : {},
    check: () =>
      writtenAddress(href.value, sites)
        ? ""
        : "Choose a post from the list, or write an address that starts with https:// or /.",
  })
  const chain = editor.chain().focus().setTextSelection({ from, to })
  if (answer === "remove") chain.unsetLink().run()
  if (answer !== "submit") return
  const attrs = { href: writtenAddress(href.value, sites) }
  const words = text.value.trim() || attrs.href
  if (empty) chain.insertContent({ type: "text", text: words, marks: [{ type: "link", attrs }] }).run()
  else chain.setMark("link", attrs).setTextSelection(to).run()
}

// The address box as a combobox (WAI-ARIA 1.2) that finds posts by title, with its list.
class PostBox {
  constructor(input, searchUrl, onChoose) {
    Object.assign(this, { input, searchUrl, onChoose, posts: [], at: -1, waiting: null })
    input.id = "prose-post-box"
    this.list = crel("ul", { id: "prose-post-list", className: "prose-posts", role: "listbox" })
    this.list.setAttribute("aria-label", "Posts")
    this.said = crel("p", { className: "prose-hint", role: "status" })
    this.dom = crel("div", { className: "prose-found" }, [this.list, this.said])
    const roles = { role: "combobox", "aria-autocomplete": "list", "aria-controls": this.list.id }
    for (const [name, value] of Object.entries(roles)) input.setAttribute(name, value)
    this.listen()
    this.show([])
  }

  listen() {
    this.input.addEventListener("input", () => {
      clearTimeout(this.waiting)
      this.waiting = setTimeout(() => this.search(), PATIENCE)
    })
    this.input.addEventListener("keydown", (event) => {
      if (!this.list.hidden && this.press(event.key)) event.preventDefault()
    })
    this.list.addEventListener("pointerdown", (event) => event.preventDefault()) // Keeps the focus.
    this.list.addEventListener("click", ({ target }) => {
      const at = [...this.list.children].indexOf(target.closest("[role=option]"))
      if (at >= 0) this.choose(this.posts[at])
    })
  }

  press(key) {
    const { at, posts } = this
    if (key === "ArrowDown") this.mark((at + 1) % posts.length)
    else if (key === "ArrowUp") this.mark(at <= 0 ? posts.length - 1 : at - 1)
    else if (key === "Enter" && at >= 0) this.choose(posts[at])
    else if (key === "Escape") this.show([])
    else return false
    return true
  }

  mark(index) {
    this.at = index
    for (const [at, option] of [...this.list.children].entries()) {
      option.setAttribute("aria-selected", String(at === index))
      if (at === index) option.scrollIntoView({ block: "nearest" })
    }
    if (index < 0) this.input.removeAttribute("aria-activedescendant")
    else this.input.setAttribute("aria-activedescendant", this.list.children[index].id)
  }

  show(posts) {
    this.posts = posts
    this.list.replaceChildren(...posts.map((post, at) => option(post, `${this.list.id}-${at}`)))
    this.list.hidden = !posts.length
    this.input.setAttribute("aria-expanded", String(posts.length > 0))
    this.mark(-1)
  }

  choose(post) {
    this.input.value = post.url
    this.show([])
    this.said.textContent = `Leads to “${post.title}”. ${post.note}`.trim()
    this.onChoose(post)
  }

  async search() {
    const words = this.input.value.trim()
    this.said.textContent = ""
    if (words.length < 2 || writtenAddress(words, [])) return this.show([])
    try {
      const answer = await fetch(`${this.searchUrl}?${new URLSearchParams({ q: words })}`)
      if (!answer.ok || answer.redirected) throw new Error(answer.statusText)
      const { posts } = await answer.json()
      if (this.input.value.trim() !== words) return
      this.show(posts)
      const count = posts.length === 1 ? "1 post" : `${posts.length} posts`
      this.said.textContent = posts.length ? `${count} found.` : "No post has these words in its title."
    } catch {
      this.show([])
      this.said.textContent = "Posts cannot be searched just now. Write the address instead."
    }
  }
}

const option = (post, id) =>
  crel("li", { id, role: "option" }, [
    crel("span", { textContent: post.title }),
    crel("small", { textContent: [post.date, post.state].filter(Boolean).join(" · ") }),
  ])

// An address on the clipboard becomes a link at once: over the selected words, or as its own.
const pastedAddress = (sites) => (view, event) => {
  const text = event.clipboardData?.getData("text/plain").trim() ?? ""
  if (!/^https?:\/\/\S+$/.test(text) || view.state.selection.$from.parent.type.spec.code) return false
  const href = cleanAddress(text, sites)
  const { schema, selection, tr } = view.state
  const link = schema.marks.link.create({ href })
  if (selection.empty) tr.replaceSelectionWith(schema.text(href, [link]), false)
  else tr.addMark(selection.from, selection.to, link)
  view.dispatch(tr.removeStoredMark(schema.marks.link).scrollIntoView())
  return true
}
