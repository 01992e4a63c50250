"""The routes that speak OpenAI's chat completions: any such client works with only its base URL changed."""
