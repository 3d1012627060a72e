// The race as one picture: the plots as they are on the page, the title, and the legend below.
const PICTURE_MARGIN = 18, PICTURE_ROW = 24;

function savePicture(runs, note) {
  const {foreground, background, muted} = look(), ratio = window.devicePixelRatio || 1, boxes = ["contour", "panel"].map(id => element(id).getBoundingClientRect());
  const stacked = isStacked(), wide = 2 * PICTURE_MARGIN + (stacked ? Math.max(...boxes.map(box => box.width)) : boxes[0].width + PICTURE_MARGIN + boxes[1].width);
  const shown = runs.filter(run => run.shown), head = px(40), tall = stacked ? boxes[0].height + boxes[1].height + 2 * PICTURE_MARGIN : Math.max(boxes[0].height, boxes[1].height + shown.length * px(PICTURE_ROW));
  const below = stacked ? shown.length * px(PICTURE_ROW) + PICTURE_MARGIN : 0, canvas = document.createElement("canvas"), context = canvas.getContext("2d");
  [canvas.width, canvas.height] = [Math.round(wide * ratio), Math.round((head + tall + below + PICTURE_MARGIN) * ratio)];
  context.scale(ratio, ratio);
  context.fillStyle = background;
  context.fillRect(0, 0, wide, canvas.height / ratio);
  const write = (text, x, y, size, color, align = "left", weight = "normal", most = wide) => {
    [context.font, context.fillStyle, context.textAlign, context.textBaseline] = [`${weight} ${px(size)}px ${FONT}`, color, align, "middle"];
    context.fillText(text, x, y, most);
  };
  const left = PICTURE_MARGIN + axesBox("contour").left, right = stacked ? PICTURE_MARGIN : 2 * PICTURE_MARGIN + boxes[0].width, second = stacked ? head + boxes[0].height + 2 * PICTURE_MARGIN : head;
  write(payload.title, left, head / 2 + 4, 17, foreground, "left", "bold", boxes[0].width - px(150));
  write(element("counter").textContent, PICTURE_MARGIN + boxes[0].width - 10, head / 2 + 4, 13, foreground, "right");
  for (const id of ["surface", "race"]) context.drawImage(element(id), PICTURE_MARGIN, head, boxes[0].width, boxes[0].height);
  write(payload.loss_panel.heading, right + axesBox("panel").left, second - 12, 13, foreground);
  context.drawImage(element("loss-curves"), right, second, boxes[1].width, boxes[1].height);
  shown.forEach((run, i) => {
    const y = second + boxes[1].height + px(PICTURE_ROW) * (i + 0.8), x = right + px(44), {color, marker, dashes} = look().runs[run.index];
    write(run.place.textContent, x - px(8), y, 12, muted, "right");
    [context.strokeStyle, context.lineWidth] = [color, 3];
    context.setLineDash(dashes.map(dash => 2.4 * dash));
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + px(28), y);
    context.stroke();
    context.setLineDash([]);
    mark(context, marker, x + px(28), y, px(9), color, color, 0);
    write(run.label, x + px(42), y, 13, foreground, "left", "normal", boxes[1].width - px(260));
    write([run.lossText.textContent, run.status.textContent].filter(Boolean).join("   "), right + boxes[1].width - 10, y, 12, muted, "right");
  });
  canvas.toBlob(blob => {
    if (!blob) return note(say("no picture: the window is too large"));
    const link = make("a", {download: `${payload.title.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "").slice(0, 60).toLowerCase() || "race"}.png`, href: URL.createObjectURL(blob)});
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });
}
