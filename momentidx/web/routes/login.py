"""Logging a browser in: a program that has the token asks for a link, which works once and for a minute."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import PlainTextResponse, RedirectResponse

from momentidx.web.desk import DeskHere
from momentidx.web.keys import LONGEST, SESSION_SECONDS
from momentidx.web.values import LoginLink

router = APIRouter(tags=["login"])
page = APIRouter(include_in_schema=False)


@router.post("/login")
def make_login_link(desk: DeskHere) -> LoginLink:
    """A link that logs a browser in, once and within a minute."""
    return LoginLink(path=f"/login?code={desk.keys.code()}")


@router.post("/logout", status_code=204)
def log_out(desk: DeskHere, response: Response) -> None:
    """Let the browser forget its session."""
    response.delete_cookie(desk.keys.cookie, path="/", httponly=True, samesite="strict")


@page.get("/login")
def log_in(desk: DeskHere, code: Annotated[str, Query(max_length=LONGEST)] = "") -> Response:
    """Exchange the code for a session, and go to the page under an address without it."""
    if not desk.keys.redeem(code):
        return PlainTextResponse("This link was used already, or is too old. 'momentidx open' makes another.\n", 401)
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(
        desk.keys.cookie, desk.keys.session(), max_age=int(SESSION_SECONDS), path="/", httponly=True, samesite="strict"
    )
    return response
