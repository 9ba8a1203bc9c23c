"""From a body to a request: what is wrong with it is said in OpenAI's words and order."""
