// goes into: the Worker's handler
export default {
  async fetch(request) {
    const url = "https://origin.example.com/mcp", init = { method: request.method };
    @@
    return response;
  },
};
