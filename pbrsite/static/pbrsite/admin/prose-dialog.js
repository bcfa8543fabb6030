// What the editor asks and says: dialogs with labelled fields, and notices above the text.
import { crel } from "django-prose-editor/editor"

let fields = 0

// Return a row with a label, a hint tied to the control, and the control.
export function field(label, control, hint = "") {
  fields += 1
  control.id ||= `prose-field-${fields}`
  const row = crel("div", { className: "prose-field" })
  const name = crel("label", { htmlFor: control.id, textContent: label })
  if (control.type === "checkbox") row.append(control, name)
  else row.append(name, control)
  if (hint) {
    const said = crel("p", { id: `${control.id}-hint`, className: "prose-hint", textContent: hint })
    control.setAttribute("aria-describedby", said.id)
    row.append(said)
  }
  return row
}

export const textInput = (name, value = "", attributes = {}) =>
  crel("input", { type: "text", name, defaultValue: value ?? "", autocomplete: "off", ...attributes })

// Ask, and resolve with "submit", with the name of another button, or with null when cancelled.
// `check` returns why the answer will not do, or "".
export function ask({ title, rows, submit, others = {}, check = () => "" }) {
  const heading = crel("h2", { id: `prose-title-${(fields += 1)}`, textContent: title })
  const problem = crel("p", { className: "prose-problem", role: "alert" })
  const buttons = crel("div", { className: "prose-buttons" }, [
    crel("button", { type: "submit", className: "prose-submit", textContent: submit }),
    ...Object.entries(others).map(([value, textContent]) =>
      crel("button", { type: "button", value, textContent }),
    ),
    crel("button", { type: "button", value: "", textContent: "Cancel" }),
  ])
  const form = crel("form", { noValidate: true }, [heading, ...rows, problem, buttons])
  const dialog = crel("dialog", { className: "prose-dialog", "aria-labelledby": heading.id }, [form])
  return new Promise((resolve) => {
    let answer = null
    const close = (value) => {
      answer = value
      dialog.close()
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault()
      problem.textContent = check()
      if (!problem.textContent) close("submit")
    })
    for (const button of buttons.querySelectorAll("[type=button]")) {
      button.addEventListener("click", () => close(button.value || null))
    }
    dialog.addEventListener("close", () => {
      dialog.remove()
      resolve(answer)
    })
    document.body.append(dialog) // Outside the post's own form: nothing here is saved with it.
    dialog.showModal()
  })
}

// Show a notice above the text until it is read or the next one comes.
export function notify(editor, text) {
  const frame = editor.view.dom.closest(".prose-editor, .prose-note") ?? editor.view.dom.parentElement
  frame.querySelector(":scope > .prose-notice")?.remove()
  const dismiss = crel("button", { type: "button", textContent: "Dismiss" })
  const notice = crel("div", { className: "prose-notice", role: "alert" }, [
    crel("p", { textContent: text }),
    dismiss,
  ])
  dismiss.addEventListener("click", () => {
    notice.remove()
    editor.commands.focus()
  })
  editor.view.dom.before(notice)
}
