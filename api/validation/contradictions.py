"""What is wrong with a request whose every field is right: what excludes or misses something else."""

from shared.errors import InvalidRequest, NotFound
from shared.wire.items import CompactionTrigger
from shared.wire.requests import CreateResponse, InputRequest, InputTokensRequest, PreviewRequest
from shared.wire.wording import abbreviated, no_such_model, shown, unsupported_parameter

MIN_TRIGGER_OUTPUT_TOKENS = 20_000


def check_model(model: str | None) -> None:
    """Raise InvalidRequest for the model without a name, which nobody has."""
    if model == "":
        raise InvalidRequest(no_such_model(model), param="model", code="model_not_found")


def check_context_management(request: CreateResponse | PreviewRequest) -> None:
    """Raise InvalidRequest for a way to keep the context small that is not compaction."""
    for entry in request.context_management or []:
        if entry.type != "compaction":
            raise InvalidRequest(
                f"Unsupported context_management type: '{shown(entry.type)}'.", param="context_management"
            )


def check_delivery(request: CreateResponse) -> None:
    """Raise InvalidRequest if the answer is asked for in two ways that exclude each other."""
    if request.is_background and not request.is_stored:
        raise InvalidRequest(
            "Background mode requires store=true.", param="background", code="unsupported_parameter"
        )
    if request.stream_options is not None and not request.is_streamed:
        raise InvalidRequest(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.", param="stream_options"
        )


def check_exclusions(request: CreateResponse | InputTokensRequest) -> None:
    """Raise InvalidRequest if the request continues both a response and a conversation."""
    if request.previous_response_id is not None and request.conversation is not None:
        raise InvalidRequest(
            "Mutually exclusive parameters: ''. Ensure you are only providing one of: "
            f"'{abbreviated('previous_response_id')}' or '{abbreviated('conversation')}'.",
            code="mutually_exclusive_parameters",
        )


def check_prompt(request: CreateResponse) -> None:
    """Raise NotFound if the request names a stored prompt: this server stores none."""
    if request.prompt is not None:
        raise NotFound(f"Prompt with id '{shown(request.prompt.id)}' not found.")


def check_before_running(request: CreateResponse) -> None:
    """Raise InvalidRequest for what is wrong with a request whose references all exist."""
    check_input_given(request)
    check_compaction_trigger(request)
    check_supported(request)


def check_input_given(request: InputRequest) -> None:
    """Raise InvalidRequest if the request brings no input and continues nothing."""
    continued: list[object] = [request.previous_response_id]
    if isinstance(request, CreateResponse):
        continued += [request.conversation, request.prompt]
    if isinstance(request, InputTokensRequest):
        continued.append(request.conversation)
    if not request.input and all(source is None for source in continued):
        raise nothing_given()


def nothing_given() -> InvalidRequest:
    """Return the error for a request that has no window: it brings nothing, and nothing came before it."""
    return InvalidRequest(
        "One of \"input\" or \"previous_response_id\" or 'prompt' or 'conversation' must be provided.",
        code="missing_required_parameter",
    )


def check_compaction_trigger(request: CreateResponse) -> None:
    """Raise InvalidRequest unless a compaction trigger is alone, last, and has room for its summary."""
    check_place_of_trigger(request)
    budget = request.max_output_tokens
    if request.has_trigger and budget is not None and budget < MIN_TRIGGER_OUTPUT_TOKENS:
        raise InvalidRequest(
            "'compaction_trigger' requires 'max_output_tokens' to be at least "
            f"{MIN_TRIGGER_OUTPUT_TOKENS} when specified.",
            param="max_output_tokens",
        )


def check_place_of_trigger(request: CreateResponse | PreviewRequest) -> None:
    """Raise InvalidRequest unless a compaction trigger is alone and last."""
    items = request.input_items
    if sum(isinstance(item, CompactionTrigger) for item in items) > 1:
        raise InvalidRequest("Only one 'compaction_trigger' item may be provided.", param="input")
    if request.has_trigger and not isinstance(items[-1], CompactionTrigger):
        raise InvalidRequest("The 'compaction_trigger' item must be the final input item.", param="input")


def check_supported(request: CreateResponse) -> None:
    """Raise InvalidRequest for an option of OpenAI's that changes the answer and that nothing here honours."""
    for param in unsupported_fields(request):
        raise unsupported_parameter(param)


def check_prewarm(request: CreateResponse) -> None:
    """Raise InvalidRequest if a provider's cache is to be filled and nothing said: chat completions cannot."""
    options = request.prompt_cache_options
    if options is not None and options.prewarm:
        raise unsupported_parameter("prompt_cache_options.prewarm")


def unsupported_fields(request: CreateResponse) -> list[str]:
    """Return the fields that ask for what this server cannot do; a value that asks for nothing is none."""
    options = request.background_options
    later = options and (options.completion_window not in {None, "soonest"} or options.continuation_id)
    image, programs = request.image, request.access_programs
    asked = {
        "moderation": request.moderation,
        "background_options": later,
        "image": image and image.context_compression == "enabled",
        "access_programs": programs and programs.cyber not in {None, "standard"},
    }
    return [param for param, wanted in asked.items() if wanted]
