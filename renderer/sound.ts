import { currentLanguage, words } from './i18n/index.ts';
import { remember, remembered } from './memory.ts';
import { spokenYuan } from './money.ts';
import type { Sound } from './store/till-store.ts';

/** Frequencies in Hz, one after the other. */
const TONES: Record<Sound['kind'], readonly number[]> = {
  paid: [880, 1318.5],
  late: [660, 660],
  checking: [294],
  failed: [392, 311],
};
const TONE_S = 0.16;

let context: AudioContext | null = null;
let muted = remembered('muted') === 'yes';
const heard = new Set<string>();

export function isMuted(): boolean {
  return muted;
}

export function setMuted(next: boolean): void {
  muted = next;
  remember('muted', next ? 'yes' : 'no');
  if (next) window.speechSynthesis?.cancel();
}

/** Tone, and for a payment the voice: once per payment, however often it is told. */
export function play(sound: Sound): void {
  if (sound.kind === 'paid') {
    if (heard.has(sound.tradeNo)) return;
    heard.add(sound.tradeNo);
  }
  if (muted) return;
  tone(TONES[sound.kind]);
  if (sound.kind === 'paid') speak(sound.channel, sound.amountFen);
}

function tone(frequencies: readonly number[]): void {
  try {
    context ??= new AudioContext();
    // A browser keeps it asleep until the first touch.
    void context.resume();
    frequencies.forEach((frequency, index) => {
      if (context) ring(context, frequency, context.currentTime + index * TONE_S);
    });
  } catch {
    // No sound device: the screen says it all.
  }
}

function ring(audio: AudioContext, frequency: number, startS: number): void {
  const oscillator = audio.createOscillator();
  const gain = audio.createGain();
  oscillator.frequency.value = frequency;
  gain.gain.setValueAtTime(0, startS);
  gain.gain.linearRampToValueAtTime(0.2, startS + 0.01);
  gain.gain.exponentialRampToValueAtTime(0.001, startS + TONE_S);
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start(startS);
  oscillator.stop(startS + TONE_S);
}

function speak(channel: 'alipay' | 'wechat', amountFen: number): void {
  const synthesis = window.speechSynthesis;
  const language = currentLanguage();
  const voice = synthesis?.getVoices().find((each) => each.lang.startsWith(language.slice(0, 2)));
  if (!voice) return;
  const wallet = words(`voice.wallet.${channel}`);
  const utterance = new SpeechSynthesisUtterance(
    words('voice.paid', { wallet, amount: spokenYuan(amountFen) }),
  );
  utterance.voice = voice;
  utterance.lang = voice.lang;
  synthesis.speak(utterance);
}
