"""LangGraph's agent in every dialect: a tool is called, whole and streamed, and a second question asked.

Runs where LangChain is installed. Prints one JSON line per case: {case, model, dialect, text, calls, error}.
The tool alone knows $MADANG_CODE.
"""

import json
import os
import sys

from langchain.agents import create_agent
from langchain_anthropic import ChatAnthropic
from langchain_google_genai import ChatGoogleGenerativeAI
from langchain_openai import ChatOpenAI

URL, KEY, CODE = (os.environ[f"MADANG_{name}"] for name in ("URL", "KEY", "CODE"))
CHAT_MODELS = {
    "chat": lambda name: ChatOpenAI(model=name, base_url=f"{URL}/v1", api_key=KEY),
    "responses": lambda name: ChatOpenAI(
        model=name, base_url=f"{URL}/v1", api_key=KEY, use_responses_api=True
    ),
    "messages": lambda name: ChatAnthropic(model=name, base_url=URL, api_key=KEY),
    "gemini": lambda name: ChatGoogleGenerativeAI(model=name, base_url=URL, google_api_key=KEY),
}


def harbour_code(city: str) -> str:
    """Look up the code of a harbour."""
    return f"the code of {city} is {CODE}"


def told(messages):
    """The last words, and how many calls were made."""
    calls = sum(len(getattr(message, "tool_calls", ())) for message in messages)
    return {"text": messages[-1].text, "calls": calls}


def whole(agent):
    """One question, answered at once."""
    return told(
        agent.invoke({"messages": [("user", "What is the harbour code of Busan?")]})["messages"]
    )


def streamed(agent):
    """The same, token by token; then what the graph has at its end."""
    asked = {"messages": [("user", "What is the harbour code of Busan?")]}
    last, pieces = None, 0
    for mode, event in agent.stream(asked, stream_mode=["messages", "values"]):
        if mode == "values":
            last = event["messages"]
        else:
            pieces += 1
    return {**told(last), "pieces": pieces}


def again(agent):
    """A second question in the same conversation, which takes two calls at once."""
    first = agent.invoke({"messages": [("user", "What is the harbour code of Busan?")]})["messages"]
    asked = [*first, ("user", "And the harbour code of Oslo and of Lima?")]
    return told(agent.invoke({"messages": asked})["messages"])


for dialect, chat_model in CHAT_MODELS.items():
    for model in os.environ["MADANG_MODELS"].split(","):
        agent = create_agent(chat_model(model), [harbour_code])
        for case in (whole, streamed, again):
            line = {"dialect": dialect, "model": model, "case": case.__name__}
            try:
                line |= case(agent)
            except Exception as error:
                line["error"] = f"{type(error).__name__}: {error}"[:1000]
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()
