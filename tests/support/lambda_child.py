"""The process of one function, as Lambda would run it: its own code, layers and variables, and nothing of this tree.

`python -I -S lambda_child.py`, with a line of JSON on stdin: `folders` for sys.path, `function`, `handler`, `arn` and
`log`. Then a line for each invocation, `now`, `event`, `time_left_ms` and `broken` operations, answered by one with
`answer` or `error`, and with `calls` of AWS and `invoked` functions. Whatever the function prints goes to the log.
"""

import importlib
import json
import os
import sys
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

TOLD = ("TableName", "Bucket", "Key", "Prefix", "Name", "TopicArn", "FunctionName", "WorkGroup", "DatabaseName")
"""Parameters that say which resource a call is about."""


def main() -> None:
    """Serves until stdin ends."""
    given = json.loads(sys.stdin.readline())
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    log = os.open(given["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.path[:0] = given["folders"]
    function = Function(given["function"], given["handler"], given["arn"])
    for line in sys.stdin:
        replies.write(json.dumps(function.invoke(json.loads(line)), default=str) + "\n")


class Function:
    """The handler, imported once, and what it did in the invocation at hand."""

    def __init__(self, name: str, handler: str, arn: str) -> None:
        module, _, attribute = handler.rpartition(".")
        self._handler = getattr(importlib.import_module(module), attribute)
        self._arn = arn
        self._broken: list[str] = []
        self._calls: list[Any] = []
        self._invoked: list[Any] = []
        self._now = datetime.min.replace(tzinfo=UTC)
        aws = importlib.import_module("wiring.aws").deployed(name)
        aws.clock = lambda: self._now
        aws.session.register("provide-client-params.*.*", self._note)
        aws.session.register("before-call.*.*", self._refuse)
        aws.session.register("before-call.lambda.Invoke", self._accept)

    def invoke(self, given: dict[str, Any]) -> dict[str, Any]:
        """One invocation."""
        self._calls, self._invoked = [], []
        self._broken, self._now = given["broken"], datetime.fromisoformat(given["now"])
        context = SimpleNamespace(
            aws_request_id=f"request {given['now']}",
            invoked_function_arn=self._arn,
            get_remaining_time_in_millis=lambda: given["time_left_ms"],
        )
        try:
            answer = {"answer": self._handler(given["event"], context)}
        except Exception as error:  # noqa: BLE001  Lambda catches all of them
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.flush()
        return answer | {"calls": self._calls, "invoked": self._invoked}

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        about = {name: params[name] for name in TOLD if name in params}
        if "TransactItems" in params:
            about["TransactItems"] = [
                [kind, item["TableName"]] for action in params["TransactItems"] for kind, item in action.items()
            ]
        if "RequestItems" in params:
            about["RequestItems"] = list(params["RequestItems"])
        self._calls.append([model.service_model.service_name, model.name, about])

    def _refuse(self, model: Any, **_: Any) -> Any:
        """What AWS answers where a service is down."""
        if f"{model.service_model.service_name}.{model.name}" not in self._broken:
            return None
        told = {"Error": {"Code": "ServiceUnavailable", "Message": "Please try again."}}
        return SimpleNamespace(status_code=503, headers={}), told | {"ResponseMetadata": {"HTTPStatusCode": 503}}

    def _accept(self, params: dict[str, Any], **_: Any) -> Any:
        """Lambda's answer to an event; whoever runs this process sees to it."""
        self._invoked.append([params["url_path"].split("/")[3], json.loads(params["body"])])
        response = SimpleNamespace(status_code=202, headers={})
        return response, {"StatusCode": 202, "ResponseMetadata": {"HTTPStatusCode": 202}}


if __name__ == "__main__":
    main()
