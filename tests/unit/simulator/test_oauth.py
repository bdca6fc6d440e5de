"""The account service: consent with PKCE, codes that work once, tokens that end when Spotify's do."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from simulator.oauth import DEFAULT_CLIENT_ID, DEFAULT_REDIRECT, Accounts, OAuthError, challenge_of, six_months_after

pytestmark = pytest.mark.unit

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
VERIFIER = "a-verifier-that-nobody-guesses-0123456789-abcdef"
CALLBACK = "http://127.0.0.1:8123/callback"


def consent_query(**changes: str) -> dict[str, str]:
    return {
        "client_id": DEFAULT_CLIENT_ID,
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "code_challenge_method": "S256",
        "code_challenge": challenge_of(VERIFIER),
        "scope": "user-read-recently-played",
        "state": "xyz",
    } | changes


def sent_back(accounts: Accounts, **changes: str) -> dict[str, str]:
    location = accounts.authorize(consent_query(**changes), NOW)
    assert location.startswith(f"{CALLBACK}?")
    return dict(parse_qsl(urlsplit(location).query))


def exchange(accounts: Accounts, code: str, now: datetime = NOW, **changes: str) -> dict[str, object]:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "client_id": DEFAULT_CLIENT_ID,
        "code_verifier": VERIFIER,
    }
    return accounts.token(form | changes, now)


def refresh(accounts: Accounts, token: object, now: datetime = NOW, *, rotate: bool = False) -> dict[str, object]:
    form = {"grant_type": "refresh_token", "refresh_token": str(token), "client_id": DEFAULT_CLIENT_ID}
    return accounts.token(form, now, rotate=rotate)


def test_the_challenge_is_the_one_of_the_standard() -> None:
    assert challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_a_whole_login_gives_a_token_that_may_do_what_was_asked_for() -> None:
    accounts = Accounts()
    back = sent_back(accounts)
    granted = exchange(accounts, back["code"])

    assert back["state"] == "xyz"
    assert set(granted) == {"access_token", "token_type", "scope", "expires_in", "refresh_token"}
    assert granted["expires_in"] == 3600
    assert accounts.scopes(str(granted["access_token"]), NOW) == {"user-read-recently-played"}


def test_a_code_works_once() -> None:
    accounts = Accounts()
    code = sent_back(accounts)["code"]
    exchange(accounts, code)

    with pytest.raises(OAuthError, match="invalid_grant"):
        exchange(accounts, code)


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "another"},
        {"code_verifier": ""},
        {"redirect_uri": DEFAULT_REDIRECT},
        {"now": NOW + timedelta(minutes=11)},
    ],
)
def test_a_code_is_worth_nothing_with_the_wrong_verifier_address_or_time(changes: dict[str, str]) -> None:
    accounts = Accounts()

    with pytest.raises(OAuthError, match="invalid_grant"):
        exchange(accounts, sent_back(accounts)["code"], **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "another"},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1/x"},
    ],
)
def test_a_stranger_is_not_sent_back_at_all(changes: dict[str, str]) -> None:
    with pytest.raises(OAuthError):
        Accounts().authorize(consent_query(**changes), NOW)


def test_an_address_that_is_no_loopback_must_match_to_the_letter() -> None:
    accounts = Accounts(redirect_uri="https://home.example/callback")

    with pytest.raises(OAuthError):
        accounts.authorize(consent_query(redirect_uri="https://home.example:8443/callback"), NOW)
    assert accounts.authorize(consent_query(redirect_uri="https://home.example/callback"), NOW)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"scope": "everything"}, "invalid_scope"),
    ],
)
def test_a_wrong_request_is_sent_back_with_its_error_and_its_state(changes: dict[str, str], error: str) -> None:
    assert sent_back(Accounts(), **changes) == {"error": error, "state": "xyz"}


def test_an_access_token_lives_an_hour() -> None:
    accounts = Accounts()
    access = accounts.consent(NOW)["access_token"]

    assert accounts.scopes(access, NOW + timedelta(minutes=59, seconds=59))
    with pytest.raises(OAuthError, match="The access token expired"):
        accounts.scopes(access, NOW + timedelta(hours=1))
    with pytest.raises(OAuthError, match="Invalid access token"):
        accounts.scopes("another", NOW)


def test_a_refresh_gives_a_new_access_token_and_no_new_refresh_token() -> None:
    accounts = Accounts()
    first = accounts.consent(NOW)
    again = refresh(accounts, first["refresh_token"])

    assert "refresh_token" not in again
    assert again["access_token"] != first["access_token"]
    assert refresh(accounts, first["refresh_token"])


@pytest.mark.parametrize("always", [True, False])
def test_a_rotation_forgets_the_old_refresh_token(always: bool) -> None:
    accounts = Accounts(rotates=always)
    old = accounts.consent(NOW)["refresh_token"]
    new = refresh(accounts, old, rotate=not always)["refresh_token"]

    with pytest.raises(OAuthError, match="revoked"):
        refresh(accounts, old)
    assert refresh(accounts, new)


def test_refreshing_and_rotating_never_extend_the_six_months() -> None:
    accounts = Accounts(rotates=True)
    end = datetime(2026, 7, 31, 12, tzinfo=UTC)
    token = refresh(accounts, accounts.consent(NOW)["refresh_token"], NOW + timedelta(days=90))["refresh_token"]
    token = refresh(accounts, token, end - timedelta(seconds=1))["refresh_token"]

    with pytest.raises(OAuthError, match="invalid_grant: Refresh token expired"):
        refresh(accounts, token, end)


@pytest.mark.parametrize(
    ("moment", "later"),
    [
        (datetime(2026, 1, 31, 5, tzinfo=UTC), datetime(2026, 7, 31, 5, tzinfo=UTC)),
        (datetime(2025, 8, 31, tzinfo=UTC), datetime(2026, 2, 28, tzinfo=UTC)),
        (datetime(2023, 8, 30, tzinfo=UTC), datetime(2024, 2, 29, tzinfo=UTC)),
        (datetime(2026, 6, 15, tzinfo=UTC), datetime(2026, 12, 15, tzinfo=UTC)),
        (datetime(2026, 7, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)),
    ],
)
def test_six_months_are_six_months_of_the_calendar(moment: datetime, later: datetime) -> None:
    assert six_months_after(moment) == later


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_id": "another", "grant_type": "refresh_token"}, "invalid_client"),
        ({"client_id": DEFAULT_CLIENT_ID, "grant_type": "password"}, "unsupported_grant_type"),
        ({"client_id": DEFAULT_CLIENT_ID, "grant_type": "refresh_token", "refresh_token": "another"}, "invalid_grant"),
    ],
)
def test_errors_have_the_shape_of_the_account_service(form: dict[str, str], error: str) -> None:
    with pytest.raises(OAuthError) as caught:
        Accounts().token(form, NOW)

    assert caught.value.body["error"] == error
    assert set(caught.value.body) == {"error", "error_description"}


def test_removing_the_app_ends_every_token() -> None:
    accounts = Accounts()
    granted = accounts.consent(NOW)
    accounts.revoke()

    with pytest.raises(OAuthError):
        refresh(accounts, granted["refresh_token"])
    with pytest.raises(OAuthError):
        accounts.scopes(granted["access_token"], NOW)
