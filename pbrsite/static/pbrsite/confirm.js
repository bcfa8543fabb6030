// Only sent to the browser that filled in the form: it need not press the button.
document.getElementById("confirm-form")?.requestSubmit();
