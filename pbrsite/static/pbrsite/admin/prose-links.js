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
  const address = postBox(href, searchUrl, (post) => {
    text.value ||= post.title
  })
  const hint = "Write words of a title to find a post of ours, or paste an address."
  const rows = [field("Post or address", href, hint), address]
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

// Turn the address box into a combobox (WAI-ARIA 1.2) that finds posts by title; return its list.
function postBox(input, searchUrl, onChoose) {
  const list = crel("ul", { className: "prose-posts", role: "listbox", hidden: true })
  const said = crel("p", { className: "prose-hint", role: "status" })
  list.id = `${(input.id = "prose-post-box")}-list`
  list.setAttribute("aria-label", "Posts")
  const roles = { role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id }
  for (const [name, value] of Object.entries(roles)) input.setAttribute(name, value)
  let chosen = -1
  let posts = []
  let waiting = null

  const mark = (index) => {
    chosen = index
    for (const [at, option] of [...list.children].entries()) {
      option.setAttribute("aria-selected", String(at === index))
      if (at === index) option.scrollIntoView({ block: "nearest" })
    }
    if (index < 0) input.removeAttribute("aria-activedescendant")
    else input.setAttribute("aria-activedescendant", list.children[index].id)
  }
  const show = (found) => {
    posts = found
    list.replaceChildren(...found.map((post, at) => option(post, `${list.id}-${at}`)))
    list.hidden = !found.length
    input.setAttribute("aria-expanded", String(found.length > 0))
    mark(-1)
  }
  const choose = (post) => {
    input.value = post.url
    show([])
    said.textContent = `Leads to “${post.title}”. ${post.note}`.trim()
    onChoose(post)
  }
  const search = async () => {
    const words = input.value.trim()
    said.textContent = ""
    if (words.length < 2 || writtenAddress(words, [])) return show([])
    try {
      const answer = await fetch(`${searchUrl}?${new URLSearchParams({ q: words })}`)
      if (!answer.ok || answer.redirected) throw new Error(answer.statusText)
      const found = (await answer.json()).posts
      if (input.value.trim() !== words) return
      show(found)
      const count = found.length === 1 ? "1 post" : `${found.length} posts`
      said.textContent = found.length ? `${count} found.` : "No post has these words in its title."
    } catch {
      show([])
      said.textContent = "Posts cannot be searched just now. Write the address instead."
    }
  }
  input.addEventListener("input", () => {
    clearTimeout(waiting)
    waiting = setTimeout(search, PATIENCE)
  })
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return
    if (event.key === "ArrowDown") mark((chosen + 1) % posts.length)
    else if (event.key === "ArrowUp") mark(chosen <= 0 ? posts.length - 1 : chosen - 1)
    else if (event.key === "Enter" && chosen >= 0) choose(posts[chosen])
    else if (event.key === "Escape") show([])
    else return
    event.preventDefault()
  })
  list.addEventListener("pointerdown", (event) => event.preventDefault()) // Keeps the focus.
  list.addEventListener("click", (event) => {
    const at = [...list.children].indexOf(event.target.closest("[role=option]"))
    if (at >= 0) choose(posts[at])
  })
  show([])
  return crel("div", { className: "prose-found" }, [list, said])
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
