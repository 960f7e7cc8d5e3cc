import { meaning } from "/canvas/keys.js";
import { equal } from "/tests/check.js";

export function test_latin_letters_mean_themselves_wherever_they_lie() {
  equal(meaning({ key: "z", code: "KeyY" }), "z", "German");
  equal(meaning({ key: "Z", code: "KeyZ" }), "z", "with Shift");
  equal(meaning({ key: "a", code: "KeyQ" }), "a", "French");
  equal(meaning({ key: "[", code: "BracketLeft" }), "[");
  equal(meaning({ key: "0", code: "Digit0" }), "0");
}

export function test_other_letters_mean_their_place() {
  equal(meaning({ key: "я", code: "KeyZ" }), "z", "Russian");
  equal(meaning({ key: "φ", code: "KeyF" }), "f", "Greek");
  equal(meaning({ key: "х", code: "BracketLeft" }), "[", "Russian");
  equal(meaning({ key: "ъ", code: "BracketRight" }), "]", "Russian");
}

export function test_letters_with_accents_are_no_shortcuts() {
  equal(meaning({ key: "ü", code: "BracketLeft" }), "ü", "German, where [ is elsewhere");
  equal(meaning({ key: "Ö", code: "Semicolon" }), "ö");
}

export function test_what_alt_gr_types_is_meant() {
  equal(meaning({ key: "]", code: "Digit9" }, true), "]", "German");
  equal(meaning({ key: "ę", code: "KeyE" }, true), "ę", "Polish");
  equal(meaning({ key: "€", code: "KeyE" }, true), "€");
}

export function test_keys_with_names_mean_these() {
  for (const key of ["Enter", "Escape", "ArrowLeft", "F5", "Dead", "Unidentified"]) {
    equal(meaning({ key, code: "KeyF" }), key);
  }
}
