// The microphone of the page. `element` is its part of the page, `server.hear` runs on the server.
const button = element.querySelector("button"), said = element.querySelector(".said");
const learn = element.querySelector("input");
const WORKLET = `registerProcessor("parts", class extends AudioWorkletProcessor {
  process([[y]]) { if (y) this.port.postMessage(y.slice()); return true }
})`;
let going = null;

async function open() {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const context = new AudioContext(), visit = { id: crypto.randomUUID(), waiting: [] };
  visit.close = () => { stream.getTracks().forEach((track) => track.stop()); context.close() };
  visit.sr = context.sampleRate;
  const module = URL.createObjectURL(new Blob([WORKLET], { type: "text/javascript" }));
  await context.audioWorklet.addModule(module);
  const parts = new AudioWorkletNode(context, "parts");
  parts.port.onmessage = ({ data }) => visit.waiting.push(data);
  context.createMediaStreamSource(stream).connect(parts);
  return visit;
}

function encoded(parts) { // 16-bit samples in base64
  let text = "";
  for (const part of parts) {
    const samples = Int16Array.from(part, (v) => 32767 * Math.max(-1, Math.min(1, v)));
    text += String.fromCharCode(...new Uint8Array(samples.buffer));
  }
  return btoa(text);
}

async function follow(visit) { // one request at a time: what is said meanwhile waits, none is lost
  const told = { id: visit.id, sr: visit.sr, learn: learn.checked };
  for (let last = false; !last;) {
    await new Promise((wake) => setTimeout(wake, 500));
    if (element.offsetParent === null) stop(); // another tab of the page was chosen
    last = visit !== going;
    const samples = encoded(visit.waiting.splice(0));
    const answer = await server.hear({ ...told, samples, last });
    said.innerHTML = answer.shown;
    if (answer.ended) { last = true; if (visit === going) stop() }
  }
}

function stop() {
  if (going) going.close();
  going = null;
  button.textContent = "Record";
}

function tell(error) {
  stop();
  const denied = error.name === "NotAllowedError" || !navigator.mediaDevices;
  said.textContent = denied
    ? "The microphone cannot be used. Allow it for this page in the browser, then press Record."
    : `This went wrong: ${error.message || error}. Press Record to begin anew.`;
}

button.addEventListener("click", async () => {
  if (going) return stop();
  button.disabled = true; // until it is open
  try {
    going = await open();
    button.textContent = "Stop";
    follow(going).catch(tell);
  } catch (error) { tell(error) }
  button.disabled = false;
});
