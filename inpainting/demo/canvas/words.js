// What the page says about its state.

export const SAY = {
  nothing: "Nothing is painted yet: paint over what should go.",
  all: "Everything is painted: leave something to fill from.",
  noPhoto: "Open a photo first, or click an example.",
  lost: "The connection is lost. Nothing of your work is: it goes on when the connection is back.",
  back: "Connected again: going on …",
  unreadable: "Your browser cannot show this file; asking the server …",
  reading: "Reading the mask file …",
  opening: "Opening your photo …",
  sending: "Sending your photo, once …",
  colour: "Draw what should be there into the fill: a stroke from beside it takes the colour there.",
  line: "Draw borders into the fill where they should be, or erase those that should not be.",
  noHole: "First paint over what should go; then draw into it what should be there.",
  outside: "That stroke lies beside the fill: draw into it what should be there.",
  press: "Press Fill when everything is painted.",
  filling: "Filling …",
  again: "The server has deleted your photo meanwhile: sending it again …",
  selecting: "Looking for its outline …",
};

/** What the visitor is told of a fill. */
export function told({ seconds, notes, another }) {
  const more = another ? " Not quite? “Another try” fills it otherwise." : "";
  return [`Filled in ${seconds.toFixed(1)} s.${more}`, ...notes].join(" ");
}

const megabytes = (bytes) => `${Math.ceil(bytes / 2 ** 20)} MB`;

/** A file is larger, in bytes, than the server takes. */
export function tooLarge({ name, size }, most) {
  return `${name} has ${megabytes(size)}, and ${megabytes(most)} are the most: save it smaller.`;
}
