"use strict";

// What the pages gain from a script; without it each of them works all the same.

// A form is sent once. The button stays enabled: a disabled one would not be sent along.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "true";
  for (const button of form.querySelectorAll("button")) {
    button.setAttribute("aria-disabled", "true");
  }
});

// A page that comes back from the browser's memory is ready again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.forms) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) {
      button.removeAttribute("aria-disabled");
    }
  }
});

// The error summary has the focus; its link leads into the field.
const summary = document.getElementById("summary");
if (summary) {
  summary.focus();
  for (const link of summary.querySelectorAll("a")) {
    link.addEventListener("click", (event) => {
      const field = document.getElementById(link.hash.slice(1));
      if (!field) return;
      event.preventDefault();
      field.focus();
    });
  }
}

// "Send again" appears when the wait is over, and is announced once. Until then the wait counts
// down, in the same steps as the server words it.
const inWords = (seconds) => {
  const unit = seconds < 120 && seconds !== 60 ? "second" : "minute";
  const number = unit === "second" ? seconds : Math.ceil(seconds / 60);
  const format = { style: "unit", unit, unitDisplay: "long", numberingSystem: "latn" };
  return new Intl.NumberFormat(document.documentElement.lang, format).format(number);
};
for (const text of document.querySelectorAll("[data-until-resend]")) {
  const button = text.parentElement.querySelector("button");
  const over = Date.now() + 1000 * Number(text.dataset.untilResend);
  button.hidden = true;
  const timer = setInterval(() => {
    const left = Math.ceil((over - Date.now()) / 1000);
    if (left > 0) {
      text.textContent = text.dataset.sentence.replace("{wait}", inWords(left));
      return;
    }
    clearInterval(timer);
    text.hidden = true;
    button.hidden = false;
    document.getElementById("announcement").textContent = text.dataset.announcement;
  }, 1000);
}

// Where the instance wants it, a code is sent by itself once it is complete, and the hint says so.
// A form is sent once, although some keyboards fill a field twice. What is dropped is what the
// server drops.
const separators = /[#*.'"`<>,:;·•・‧∙。、\u2212\u2043\u2032\u2033\p{Z}\p{Cf}\p{Cc}\p{Pd}\p{Pi}\p{Pf}\p{Ps}\p{Pe}]/gu;
for (const field of document.querySelectorAll("input[data-auto-submit]")) {
  const needed = Number(field.dataset.autoSubmit);
  document.getElementById("auto-submit-hint").hidden = false;
  const send = () => {
    const symbols = field.value.normalize("NFKC").replace(separators, "");
    const wanted = needed === 13 ? /^[\p{Nd}A-Za-z]+$/u : /^\p{Nd}+$/u;
    if ([...symbols].length === needed && wanted.test(symbols)) field.form.requestSubmit();
  };
  field.addEventListener("input", send);
}

// A password can be shown; what was shown is hidden again before it is sent, so that browsers
// do not keep it among what was typed.
for (const field of document.querySelectorAll("input[data-show]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "quiet show";
  button.textContent = field.dataset.show;
  button.setAttribute("aria-controls", field.id);
  const hide = () => {
    field.type = "password";
    button.textContent = field.dataset.show;
  };
  button.addEventListener("click", () => {
    if (field.type === "text") {
      hide();
    } else {
      field.type = "text";
      button.textContent = field.dataset.hide;
    }
  });
  field.form.addEventListener("submit", hide);
  field.after(button);
}

// The inbox looks again by itself, unless somebody is about to copy something.
for (const link of document.querySelectorAll("[data-reload-seconds]")) {
  setInterval(() => {
    const copying = String(getSelection()) !== "";
    if (!copying && !document.hidden) location.reload();
  }, 1000 * Number(link.dataset.reloadSeconds));
}

// The page for the code looks whether its number was typed on another device, less and less
// often, and then goes on by itself.
for (const section of document.querySelectorAll("[data-news]")) {
  const form = section.querySelector("form");
  const until = Date.now() + 1000 * Number(section.dataset.newsSeconds);
  const look = async (wait) => {
    let next = Math.min(1.2 * wait, 10);
    try {
      const answer = await fetch(section.dataset.news);
      const { news } = answer.ok ? await answer.json() : {};
      const isSending = [...document.forms].some((each) => each.dataset.sent);
      if (news === "go_on" && !isSending) form.requestSubmit();
      if (news === "over" || answer.status === 410) return;
      if (!answer.ok) next = 30;
    } catch {
      next = 10;
    }
    if (Date.now() < until) setTimeout(look, 1000 * next, next);
  };
  setTimeout(look, 2000, 2);
}

// A page whose frames tell applications of something goes on once all are loaded, or after a
// while: one that never answers holds nobody up.
for (const link of document.querySelectorAll("[data-onward-seconds]")) {
  const goOn = () => location.replace(link.href);
  addEventListener("load", goOn, { once: true });
  setTimeout(goOn, 1000 * Number(link.dataset.onwardSeconds));
}
