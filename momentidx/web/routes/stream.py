"""News as they come, as server-sent events."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from momentidx.web.news import News

router = APIRouter(tags=["stream"])


@router.get(
    "/stream",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}, "description": "Events."}},
)
async def stream(request: Request) -> StreamingResponse:
    """Events `progress` (of the indexing), `changed` (something in the library did) and `found` (a saved search has
    new answers), each with JSON as its data: the schemas Progress, Changed and FoundNew.
    """
    news: News = request.app.state.news
    return StreamingResponse(await news.listen(), media_type="text/event-stream")
