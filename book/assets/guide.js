// What mdBook's own pages lack for those who use a keyboard or a screen reader.
"use strict";
{
  // The button for the table of contents is a label: it says what it is, and takes the keyboard.
  const toggle = document.getElementById("mdbook-sidebar-toggle");
  if (toggle) {
    toggle.setAttribute("role", "button");
    toggle.tabIndex = 0;
    toggle.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        toggle.click();
      }
    });
  }

  // What scrolls by itself can be reached.
  const reachable = () => {
    for (const box of document.querySelectorAll("main pre, main pre code, main .table-wrapper, main .picture")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    }
  };
  reachable();
  addEventListener("load", reachable);
  addEventListener("resize", reachable);
}
