// The toolbar: every tool a button with a name and its keys, one stop of the Tab key for all.
import { crel, Extension } from "django-prose-editor/editor"
import { ask, field } from "pbrsite/dialog"

const MOD = /mac/i.test(navigator.platform) ? "⌘" : "Ctrl+"
const ALT = MOD === "⌘" ? "⌥" : "Alt+"

const mark = (name, icon, label, keys) => ({
  name,
  icon,
  label,
  keys,
  needs: name,
  run: (editor) => editor.chain().focus().toggleMark(name).run(),
  isOn: (editor) => editor.isActive(name),
})
const inTable = (name, words, label) => ({
  name: `table:${name}`,
  words,
  label,
  needs: "table",
  run: (editor) => editor.chain().focus()[name]().run(),
  can: (editor) => editor.can()[name](),
  isHidden: (editor) => !editor.isActive("table") || (name === "mergeOrSplit" && !editor.can()[name]()),
})

const GROUPS = [
  [
    mark("bold", "format_bold", "Bold", `${MOD}B`),
    mark("italic", "format_italic", "Italic", `${MOD}I`),
    mark("code", "code", "Code", `${MOD}E`),
  ],
  [
    {
      name: "link",
      icon: "insert_link",
      label: "Link",
      keys: `${MOD}K`,
      needs: "link",
      run: (editor) => editor.commands.addLink(),
      isOn: (editor) => editor.isActive("link"),
    },
    {
      name: "unlink",
      icon: "link_off",
      label: "Remove link",
      needs: "link",
      run: (editor) => editor.chain().focus().extendMarkRange("link").unsetLink().run(),
      isHidden: (editor) => !editor.isActive("link"),
    },
  ],
  [
    {
      name: "bulletList",
      icon: "format_list_bulleted",
      label: "Bulleted list",
      keys: `${MOD}⇧8`,
      needs: "bulletList",
      run: (editor) => editor.chain().focus().toggleBulletList().run(),
      isOn: (editor) => editor.isActive("bulletList"),
    },
    {
      name: "orderedList",
      icon: "format_list_numbered",
      label: "Numbered list",
      keys: `${MOD}⇧7`,
      needs: "orderedList",
      run: (editor) => editor.chain().focus().toggleOrderedList().run(),
      isOn: (editor) => editor.isActive("orderedList"),
    },
    {
      name: "orderedListProperties",
      icon: "tune",
      label: "Kind of numbers",
      needs: "orderedList",
      run: (editor) => editor.chain().focus().updateListAttributes().run(),
      isHidden: (editor) => !editor.isActive("orderedList"),
    },
    {
      name: "blockquote",
      icon: "format_quote",
      label: "Quotation",
      keys: `${MOD}⇧B`,
      needs: "blockquote",
      run: (editor) => editor.chain().focus().toggleBlockquote().run(),
      isOn: (editor) => editor.isActive("blockquote"),
    },
    {
      name: "horizontalRule",
      icon: "horizontal_rule",
      label: "Dividing line",
      needs: "horizontalRule",
      run: (editor) => editor.chain().focus().setHorizontalRule().run(),
    },
  ],
  [
    {
      name: "figure",
      icon: "image",
      label: "Picture",
      needs: "figure",
      run: (editor) => editor.commands.insertFigure(),
      isOn: (editor) => editor.isActive("figure"),
    },
    {
      name: "footnote",
      words: "Note¹",
      label: "Footnote",
      keys: `${MOD}${ALT}F`,
      needs: "footnote",
      run: (editor) => editor.commands.addFootnote(),
      isOn: (editor) => editor.isActive("footnote"),
    },
    {
      name: "table",
      icon: "grid_on",
      label: "Table",
      needs: "table",
      run: insertTable,
      isHidden: (editor) => editor.isActive("table"),
    },
  ],
  [
    {
      name: "history:undo",
      icon: "undo",
      label: "Undo",
      keys: `${MOD}Z`,
      run: (editor) => editor.commands.undo(),
      can: (editor) => editor.can().undo(),
    },
    {
      name: "history:redo",
      icon: "redo",
      label: "Redo",
      keys: `${MOD}⇧Z`,
      run: (editor) => editor.commands.redo(),
      can: (editor) => editor.can().redo(),
    },
    {
      name: "html",
      words: "HTML",
      label: "Edit the HTML",
      needs: "html",
      run: (editor) => editor.commands.editHTML(),
    },
  ],
  [
    inTable("addRowAfter", "+ Row", "Add a row below"),
    inTable("deleteRow", "− Row", "Remove the row"),
    inTable("addColumnAfter", "+ Column", "Add a column to the right"),
    inTable("deleteColumn", "− Column", "Remove the column"),
    inTable("toggleHeaderRow", "Heading row", "Heading row on or off"),
    inTable("toggleHeaderColumn", "Heading column", "Heading column on or off"),
    inTable("mergeOrSplit", "Merge or split", "Merge the chosen cells, or split one"),
    inTable("deleteTable", "Remove table", "Remove the table"),
  ],
]

export const Menu = Extension.create({
  name: "menu",

  addOptions() {
    return { groups: null }
  },

  onCreate({ editor }) {
    const toolbar = crel("div", { className: "prose-menubar", role: "toolbar", "aria-label": "Format" })
    if (editor.schema.nodes.heading) toolbar.append(group([blockKind(editor)]))
    for (const items of GROUPS) {
      const known = items.filter(({ needs }) => !needs || has(editor, needs))
      if (known.length) toolbar.append(group(known.map((item) => button(editor, item))))
    }
    walkWithArrows(editor, toolbar)
    editor.view.dom.before(toolbar)
    this.storage.dom = toolbar
    nameEditor(editor)
    // What sticks below the tools asks how tall they are: a table brings a second row.
    const tell = () => toolbar.parentElement?.style.setProperty("--prose-tools", `${toolbar.offsetHeight}px`)
    new ResizeObserver(tell).observe(toolbar)
    editor.view.dispatch(editor.state.tr)
  },

  onDestroy() {
    this.storage.dom?.remove()
  },

  addKeyboardShortcuts() {
    const toToolbar = () => {
      this.storage.dom.querySelector('[tabindex="0"]')?.focus()
      return true
    }
    return { "Alt-F10": toToolbar }
  },
})

const has = ({ schema, extensionManager }, name) =>
  name in schema.nodes || name in schema.marks || extensionManager.extensions.some((one) => one.name === name)

// The field's own label names the box that is typed in, which no label can point to.
function nameEditor(editor) {
  const field = editor.view.dom.closest(".prose-editor")?.querySelector("textarea")
  const name = field?.labels[0]?.textContent.trim().replace(/:$/, "")
  if (name) editor.view.dom.setAttribute("aria-label", name)
  editor.view.dom.setAttribute("aria-multiline", "true")
}

const group = (children) => crel("div", { className: "prose-menubar__group" }, children)

function button(editor, { name, icon, words, label, keys, run, can, isOn, isHidden }) {
  const dom = crel("button", {
    type: "button",
    className: `prose-menubar__button ${icon ? "material-icons" : "prose-menubar__words"}`,
    textContent: icon ?? words,
    title: keys ? `${label} (${keys})` : label,
    "aria-label": label,
    "data-name": name,
  })
  dom.addEventListener("mousedown", (event) => event.preventDefault()) // The text keeps its selection.
  dom.addEventListener("click", () => dom.getAttribute("aria-disabled") !== "true" && run(editor))
  editor.on("transaction", () => {
    const isPressed = Boolean(isOn?.(editor))
    const isOff = can ? !can(editor) : false
    dom.classList.toggle("active", isPressed)
    dom.classList.toggle("disabled", isOff)
    dom.classList.toggle("hidden", Boolean(isHidden?.(editor)))
    if (isOn) dom.setAttribute("aria-pressed", String(isPressed))
    dom.setAttribute("aria-disabled", String(isOff))
  })
  return dom
}

// What kind of paragraph the cursor is in, in words.
function blockKind(editor) {
  const kinds = { paragraph: "Paragraph" }
  const heading = editor.extensionManager.extensions.find(({ name }) => name === "heading")
  for (const level of heading.options.levels) kinds[`heading${level}`] = `Heading ${level}`
  if (editor.schema.nodes.codeBlock) kinds.codeBlock = "Code block"
  const dom = crel(
    "select",
    { className: "prose-menubar__kind", "aria-label": "Kind of paragraph", "data-name": "blockType" },
    Object.entries(kinds).map(([value, textContent]) => crel("option", { value, textContent })),
  )
  dom.title = `${MOD}${ALT}0 paragraph, ${MOD}${ALT}2 to 4 headings, ${MOD}${ALT}C code block`
  dom.addEventListener("input", (event) => event.stopPropagation()) // It is no field of the form.
  dom.addEventListener("change", (event) => {
    event.stopPropagation()
    const [, level] = /^heading(\d)$/.exec(dom.value) ?? []
    const chain = editor.chain().focus()
    if (level) chain.setHeading({ level: Number(level) }).run()
    else if (dom.value === "codeBlock") chain.setCodeBlock().run()
    else chain.setParagraph().run()
  })
  editor.on("transaction", () => {
    const { type, attrs } = editor.state.selection.$from.parent
    const kind = type.name === "heading" ? `heading${attrs.level}` : type.name
    dom.value = kind in kinds ? kind : "paragraph"
  })
  return dom
}

// One stop of the Tab key, then the arrow keys (WAI-ARIA's toolbar pattern).
function walkWithArrows(editor, toolbar) {
  const tools = () => [...toolbar.querySelectorAll("button:not(.hidden), select")]
  const stopAt = (tool) => {
    for (const one of toolbar.querySelectorAll("button, select")) one.tabIndex = one === tool ? 0 : -1
  }
  stopAt(tools()[0])
  toolbar.addEventListener("focusin", ({ target }) => stopAt(target))
  toolbar.addEventListener("keydown", (event) => {
    const all = tools()
    const at = all.indexOf(event.target)
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key]
    if (event.key === "Escape") editor.commands.focus()
    if (next === undefined) return
    event.preventDefault()
    all.at(next % all.length).focus()
  })
}

async function insertTable(editor) {
  const number = (name, value) => crel("input", { type: "number", name, value, min: 1, max: 50 })
  const [rows, cols] = [number("rows", 3), number("cols", 3)]
  const head = crel("input", { type: "checkbox", name: "withHeaderRow", checked: true })
  const answer = await ask({
    title: "Table",
    rows: [field("Rows", rows), field("Columns", cols), field("The first row is a heading row", head)],
    submit: "Insert table",
    check: () =>
      [rows, cols].every((input) => input.value && input.validity.valid)
        ? ""
        : "Write numbers from 1 to 50.",
  })
  const size = { rows: rows.valueAsNumber, cols: cols.valueAsNumber, withHeaderRow: head.checked }
  if (answer === "submit") editor.chain().focus().insertTable(size).run()
  else editor.commands.focus()
}
