// What this site adds to the prose editor, or does its own way.
import { OrderedList as BaseOrderedList, wrappingInputRule } from "django-prose-editor/editor"

export { Caption, Credit, Figure, Image } from "pbrsite/figures"
export { Footnote } from "pbrsite/footnotes"
export { Link } from "pbrsite/links"
export { CleanPaste } from "pbrsite/paste"
export { Menu } from "pbrsite/toolbar"

const TYPES = { a: "lower-alpha", A: "upper-alpha", i: "lower-roman", I: "upper-roman" }

// Stored as plain HTML says it: `type` only where the numbers are not 1, 2, 3.
export const OrderedList = BaseOrderedList.extend({
  addAttributes() {
    const short = (style) => Object.keys(TYPES).find((key) => TYPES[key] === style)
    const type = {
      default: null,
      parseHTML: (element) => TYPES[element.getAttribute("type")] ?? null,
      renderHTML: (attributes) => (short(attributes.type) ? { type: short(attributes.type) } : {}),
    }
    return { ...this.parent?.(), type }
  },

  addNodeView: null,

  addInputRules() {
    return [wrappingInputRule({ find: /^1\.\s$/, type: this.type })]
  },
})
