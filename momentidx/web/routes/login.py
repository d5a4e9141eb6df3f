"""Logging a browser in: a program that has the token asks for a link, which works once and for a minute."""

from __future__ import annotations

from typing import Annotated

from anyio import to_thread
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from momentidx.web.desk import DeskHere
from momentidx.web.keys import LONGEST, SESSION_SECONDS
from momentidx.web.security import is_https
from momentidx.web.values import LoginLink

router = APIRouter(tags=["login"])
page = APIRouter(include_in_schema=False)


@router.post("/login")
def make_login_link(desk: DeskHere) -> LoginLink:
    """A link that logs a browser in, once and within a minute."""
    return LoginLink(path=f"/login?code={desk.keys.code()}")


@router.post("/logout", status_code=204)
async def log_out(
    desk: DeskHere,
    request: Request,
    response: Response,
    everywhere: Annotated[bool, Query(description="End the sessions of all browsers; the token goes on to work.")]
    = False,
) -> None:  # fmt: skip
    """End the browser's session, here and wherever its cookie may have been copied to."""
    keys = desk.keys
    if everywhere and keys.ended is not None:
        await to_thread.run_sync(keys.ended.end_all)
        request.app.state.news.send_home()
    else:
        await to_thread.run_sync(keys.end, request.cookies.get(keys.cookie, ""))
    response.delete_cookie(keys.cookie, path="/", httponly=True, samesite="strict")


@page.get("/login")
def log_in(desk: DeskHere, request: Request, code: Annotated[str, Query(max_length=LONGEST)] = "") -> Response:
    """Exchange the code for a session, and go to the page under an address without it.

    Where a proxy says that the browser came by HTTPS, the session is never sent without.
    """
    if not desk.keys.redeem(code):
        raise HTTPException(401, "This link was used already, or is too old. 'momentidx open' makes another.")
    response = RedirectResponse("/", status_code=303)
    response.set_cookie(
        desk.keys.cookie, desk.keys.session(), max_age=int(SESSION_SECONDS), path="/", httponly=True, samesite="strict",
        secure=is_https(request.headers.get("host", ""), request.headers.get("x-forwarded-proto", "")),
    )  # fmt: skip
    return response
