"""Which model the settings name: none, one behind a server, or one in process. Never another than was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from agent.models.weights import EXTRA, find_weights, is_in_process, lacking
from agent.settings import Settings
from tools.errors import UsageError

if TYPE_CHECKING:
    from agent.models.in_process import InProcessModel
    from agent.models.openai import OpenAIModel


def select_model(settings: Settings) -> OpenAIModel | InProcessModel | None:
    """The model of the settings; its weights are loaded, or its server asked, on first use.

    `OSLER_MODEL_URL` means a server. Without it `OSLER_MODEL` is a folder, or `owner/name@COMMIT`, of a model here.

    Raises:
        UsageError: the model cannot be had as the settings stand.
    """
    if settings.model_url is None and settings.model is None:
        return None
    if settings.model_url is None and settings.model is not None and is_in_process(settings.model):
        from agent.models.in_process import InProcessModel

        return InProcessModel(find_weights(settings.model), settings.model_timeout)
    from agent.models.openai import OpenAIModel

    return OpenAIModel.from_settings(settings)


def in_process_status(model: str) -> dict[str, Any]:
    """For the doctor: whether a model in process could be loaded. Looks at files only."""
    row: dict[str, Any] = {"name": model, "kind": "planner", "usable": False}
    if missing := lacking():
        return row | {"lacks": ", ".join(missing), "how": EXTRA}
    try:
        weights = find_weights(model)
    except UsageError as error:
        return row | {"lacks": f"{error.message}: found {error.found}", "how": error.action}
    return row | {"name": weights.name, "usable": True, "lacks": None, "how": None, "where": "in process"}
