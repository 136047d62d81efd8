"""Ways to tell somebody: webhooks, Slack, e-mail. Each channel has a queue and a thread of its own."""
