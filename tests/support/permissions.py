"""Which permissions a call of AWS needs, and whether a role's policy gives them: as much of IAM as our policies use."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

Need = tuple[str, str]
"""Action and ARN."""

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Account:
    """What ARNs are made of."""

    region: str
    number: str
    workgroup: str

    def arn(self, service: str, resource: str) -> str:
        """Of a resource in this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.number}:{resource}"


def needs(call: tuple[str, str, Params], account: Account) -> list[Need]:
    """What the role must be allowed for this call. Raises KeyError for an operation nobody thought of."""
    service, operation, params = call
    return [*_NEEDS[service](operation, params, account)]


def _s3(operation: str, params: Params, _: Account) -> list[Need]:
    bucket = f"arn:aws:s3:::{params['Bucket']}"
    of_bucket = {"ListObjectsV2": "ListBucket", "GetBucketLocation": "GetBucketLocation"}
    if operation in of_bucket:
        return [(f"s3:{of_bucket[operation]}", bucket)]
    of_object = {"GetObject": "GetObject", "HeadObject": "GetObject", "PutObject": "PutObject"}
    return [(f"s3:{of_object[operation]}", f"{bucket}/{params['Key']}")]


_SINGLE = ("GetItem", "PutItem", "UpdateItem", "Query", "Scan")
_IN_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


def _dynamodb(operation: str, params: Params, account: Account) -> list[Need]:
    if operation == "TransactWriteItems":
        found = [(_IN_TRANSACTION[kind], table) for kind, table in params["TransactItems"]]
    elif operation == "BatchGetItem":
        found = [(operation, table) for table in params["RequestItems"]]
    else:
        found = [(_SINGLE[_SINGLE.index(operation)], params["TableName"])]
    return [(f"dynamodb:{action}", account.arn("dynamodb", f"table/{table}")) for action, table in found]


def _ssm(operation: str, params: Params, account: Account) -> list[Need]:
    action = {"GetParameter": "GetParameter", "PutParameter": "PutParameter"}[operation]
    return [(f"ssm:{action}", account.arn("ssm", f"parameter{params['Name']}"))]


def _sns(operation: str, params: Params, _: Account) -> list[Need]:
    return [({"Publish": "sns:Publish"}[operation], params["TopicArn"])]


def _lambda(operation: str, params: Params, account: Account) -> list[Need]:
    name = params["FunctionName"].rpartition(":")[2]
    return [({"Invoke": "lambda:InvokeFunction"}[operation], account.arn("lambda", f"function:{name}"))]


_ASKING = ("StartQueryExecution", "GetQueryExecution", "GetQueryResults", "GetWorkGroup")


def _athena(operation: str, _: Params, account: Account) -> list[Need]:
    return [(f"athena:{_ASKING[_ASKING.index(operation)]}", account.arn("athena", f"workgroup/{account.workgroup}"))]


def _glue(operation: str, params: Params, account: Account) -> list[Need]:
    of_table = {"GetTable": "table"}
    database = params["DatabaseName"] if operation in of_table else params["Name"]
    resources = ["catalog", f"database/{database}"]
    resources += [f"table/{database}/{params['Name']}"] if operation in of_table else []
    action = {"GetTable": "glue:GetTable", "GetDatabase": "glue:GetDatabase"}[operation]
    return [(action, account.arn("glue", resource)) for resource in resources]


_NEEDS: Mapping[str, Callable[[str, Params, Account], list[Need]]] = {
    "s3": _s3,
    "dynamodb": _dynamodb,
    "ssm": _ssm,
    "sns": _sns,
    "lambda": _lambda,
    "athena": _athena,
    "glue": _glue,
}


# ---- policies ---------------------------------------------------------------------------------------------------


@dataclass
class Policy:
    """A role's statements, and which of their actions were needed."""

    statements: Sequence[Mapping[str, Any]]
    used: set[tuple[str, str, str]] = field(default_factory=set)
    _judged: dict[Need, bool] = field(default_factory=dict)

    def allows(self, need: Need) -> bool:
        """Whether the role may. A Deny wins. Raises KeyError for a condition: nobody here can judge it."""
        if need not in self._judged:
            self._judged[need] = self._judge(need)
        return self._judged[need]

    def _judge(self, need: Need) -> bool:
        found = [part for part in self._parts() if matches(part[2], need[0]) and matches(part[3], need[1])]
        self.used.update((sid, action, resource) for _, sid, action, resource in found)
        return bool(found) and all(effect == "Allow" for effect, *_ in found)

    def unused(self) -> list[tuple[str, str, str]]:
        """Sid, action and resource of what nobody needed."""
        return [part[1:] for part in self._parts() if part[1:] not in self.used]

    def _parts(self) -> Iterable[tuple[str, str, str, str]]:
        """Effect, sid, one action, one resource."""
        for statement in self.statements:
            if set(statement) - {"Sid", "Effect", "Action", "Resource"}:
                raise KeyError(f"{statement['Sid']} has a condition")
            for action in _listed(statement["Action"]):
                for resource in _listed(statement["Resource"]):
                    yield statement["Effect"], statement["Sid"], action, resource


def _listed(value: str | Sequence[str]) -> Sequence[str]:
    return [value] if isinstance(value, str) else value


def matches(pattern: str, text: str) -> bool:
    """As IAM compares: `*` is anything, `?` one character."""
    return _compiled(pattern).fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    spelled = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    return re.compile(spelled)
