// Vercel's AI SDK in every dialect: tools over several steps, whole and streamed, and objects that fit a
// schema. Prints one JSON line per case: {case, model, dialect, text, calls, error}.
// The tools alone know $MADANG_CODE; what is an object is judged by zod.
import { generateText, Output, stepCountIs, streamText, tool } from "ai";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { z } from "zod";

const { MADANG_URL: url, MADANG_KEY: apiKey, MADANG_CODE: code } = process.env;
const baseURL = `${url}/v1`;
const chatModels = {
  chat: (name) => createOpenAI({ baseURL, apiKey }).chat(name),
  "chat (openai-compatible)": (name) =>
    createOpenAICompatible({ name: "madang", baseURL, apiKey, supportsStructuredOutputs: true })(name),
  responses: (name) => createOpenAI({ baseURL, apiKey }).responses(name),
  messages: (name) => createAnthropic({ baseURL, apiKey })(name),
  gemini: (name) => createGoogleGenerativeAI({ baseURL: `${url}/v1beta`, apiKey })(name),
};
globalThis.AI_SDK_LOG_WARNINGS = false;

const harbour = tool({
  description: "Look up the code of a harbour",
  inputSchema: z.object({ city: z.string() }),
  execute: async ({ city }) => ({ city, code }),
});
const asking = (model) => ({
  model,
  tools: { harbour_code: harbour },
  stopWhen: stepCountIs(5),
  prompt: "What is the harbour code of Busan?",
});
const person = z.object({
  name: z.string(),
  age: z.number(),
  colour: z.enum(["red", "blue"]),
  tags: z.array(z.string()),
});
const describing = (model) => ({
  model,
  output: Output.object({ schema: person }),
  prompt: "Describe Alice, 30 years, who likes blue.",
});
const callsOf = (steps) => steps.flatMap((step) => step.toolCalls).length;

const cases = {
  async whole(model) {
    const { text, steps } = await generateText(asking(model));
    return { text, calls: callsOf(steps) };
  },
  async streamed(model) {
    const result = streamText({ ...asking(model), onError: () => {} });
    let text = "";
    for await (const part of result.fullStream) {
      if (part.type === "error") throw part.error;
      if (part.type === "text-delta") text += part.text;
    }
    return { text, calls: callsOf(await result.steps) };
  },
  async again(model) {
    const first = await generateText(asking(model));
    const messages = [
      { role: "user", content: asking(model).prompt },
      ...(first.responseMessages ?? first.response.messages),
      { role: "user", content: "And the harbour code of Oslo and of Lima?" },
    ];
    const { prompt: _, ...rest } = asking(model);
    const { text, steps } = await generateText({ ...rest, messages });
    return { text, calls: callsOf(steps) };
  },
  async object(model) {
    return { text: JSON.stringify(person.parse((await generateText(describing(model))).output)) };
  },
  async "object streamed"(model) {
    const result = streamText({ ...describing(model), onError: () => {} });
    let last;
    for await (const partial of result.partialOutputStream) last = partial;
    return { text: JSON.stringify(person.parse(last)) };
  },
};

for (const [dialect, chatModel] of Object.entries(chatModels)) {
  for (const model of process.env.MADANG_MODELS.split(",")) {
    for (const [title, run] of Object.entries(cases)) {
      const told = { dialect, model, case: title };
      try {
        Object.assign(told, await run(chatModel(model)));
      } catch (error) {
        told.error = `${error} ${error?.responseBody ?? error?.cause ?? ""}`.slice(0, 1000);
      }
      console.log(JSON.stringify(told));
    }
  }
}
