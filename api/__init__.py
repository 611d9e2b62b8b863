"""Rekindle over HTTP: the manual of the API. The pages for couples, at ``/``, are in `api.pages`.

Everything is JSON in UTF-8. ``GET /openapi.json`` is the same for programs (OpenAPI 3.1, with the words of
this deployment's catalogue), ``GET /docs`` the same as a page. Times are ISO 8601 with an offset, weeks are
ISO weeks such as ``2026-W48``, costs are for two.

Routes
------
======================================  ========  ======================================================
Route                                   Caller    What it does
======================================  ========  ======================================================
``POST /v1/couples``                    anyone    Start a couple; token and invitation are told once.
``POST /v1/invites``                    partner   Make a new invitation; the one before stops working.
``DELETE /v1/invites``                  partner   End the invitation that was not used yet.
``POST /v1/invites/accept``             anyone    Join a couple as its second partner.
``GET /v1/couple``                      partner   Read names, circumstances and goals.
``PATCH /v1/couple``                    partner   Change circumstances field by field, or replace all goals.
``DELETE /v1/couple``                   partner   Delete the couple, while nobody else is in it.
``POST /v1/couple/calendar``            partner   Make a new address for one's own calendar feed.
``GET /v1/calendar/{secret}.ics``       anyone    Read the feed (RFC 5545); the address is the key.
``GET /v1/me``                          partner   Read who I am here.
``PATCH /v1/me``                        partner   Change name, dial, or the weeks open to tender talk.
``DELETE /v1/me``                       partner   Leave, alone and at once.
``GET /v1/me/answers``                  partner   Read my quiz answers.
``PUT /v1/me/answers``                  partner   Replace them.
``GET /v1/me/boundaries``               partner   Read my boundaries; nobody else can.
``PUT /v1/me/boundaries``               partner   Replace them.
``GET /v1/me/export``                   partner   Take out everything kept about me.
``GET /v1/me/sessions``                 partner   List where I am signed in.
``POST /v1/me/sessions``                partner   Make another token, to rotate one or for another device.
``DELETE /v1/me/sessions``              partner   End every session but this one, and every link.
``DELETE /v1/me/sessions/{session_id}`` partner   End one session.
``GET /v1/weeks/{iso_week}``            partner   Read the plan: made when first read, then the same.
``PUT /v1/weeks/{iso_week}/marks``      partner   Say yes, maybe or not this time to one, alone.
``POST /v1/weeks/{iso_week}/swap``      partner   Replace one suggestion.
``POST /v1/weeks/{iso_week}/choice``    partner   Make a date of a suggestion.
``PUT /v1/rituals/{ritual_id}/kept``    partner   Confirm a small ritual; it counts when both have.
``GET /v1/dates``                       partner   List all dates, the newest first.
``POST /v1/dates``                      partner   Log a date done on their own.
``PATCH /v1/dates/{date_id}``           partner   Move it, or say whether it is planned, done or skipped.
``DELETE /v1/dates/{date_id}``          partner   Delete one that you have not rated.
``PUT /v1/dates/{date_id}/rating``      partner   Rate it, or rate it anew.
``DELETE /v1/dates/{date_id}/rating``   partner   Take one's own rating back.
``GET /v1/quiz``                        anyone    Read the quiz.
``GET /v1/ideas``                       anyone    Search the catalogue, page by page.
``GET /v1/ideas/{idea_id}``             anyone    Read an idea.
``POST /v1/operator/retrain``           operator  Fit a model; serve it only if it is not worse.
``GET /v1/operator/retrain``            operator  Follow the latest run.
``GET /v1/operator/models``             operator  List all models.
``GET /v1/operator/models/health``      operator  Tell whether the one that serves keeps its promise.
``PUT /v1/operator/models/current``     operator  Serve another model from now on.
``POST /v1/operator/ideas``             operator  Take in ideas from a file, or preview it.
``GET /v1/operator/sources``            operator  List where imported ideas come from.
``GET /health/live``                    anyone    Tell that the process answers.
``GET /health/ready``                   anyone    Tell that database, catalogue and model are usable.
``GET /metrics``                        operator  Read how the service does, in Prometheus's format.
``GET /openapi.json``                   anyone    Read the OpenAPI document.
``GET /docs``                           anyone    Read about every route on one page.
======================================  ========  ======================================================

Who calls
---------
Send ``Authorization: Bearer`` and a token: a partner's, told once by ``POST /v1/couples`` or
``POST /v1/invites/accept``, or the operator's, ``REKINDLE_OPERATOR_TOKEN``. No token or a wrong one is 401; a
token of the other kind is 403. A token that is not used for 180 days expires. ``POST /v1/me/sessions``
makes more: of scope ``plan``, for a screen in the kitchen or another app, one may only read the plan and
the couple, and nothing that is its partner's alone. Where sign-up is closed, ``POST /v1/couples`` takes
the operator's token.

Partners never see each other's answers, boundaries or notes, nor a rating before both have rated, nor
what both like of a plan before both have marked all of it. A date of another couple is 404, in the same
words as one that never was.

Errors
------
Every error is ``application/problem+json`` (RFC 9457): ``type`` (a link into ``/docs``), ``title``,
``status``, ``detail``, ``instance`` (the request's id, also in ``X-Request-Id``) and ``errors``, a list of
``{field, problem}``. Values that were sent are not repeated.

=====  =================================================================================================
400    The body is not JSON.
401    No token, or not a valid one; ``WWW-Authenticate`` names the scheme.
403    A valid token, but not for this.
404    No such thing, or not yours to see.
405    The path exists, the method does not; ``Allow`` lists those that do.
409    It does not fit the state things are in: chosen already, rated already, a day still to come.
413    The body holds more than one million bytes.
415    The body is not declared as ``application/json``.
422    It was read, but a value is wrong; ``errors`` names each.
429    Too often; ``Retry-After`` says when to try again.
500    Our fault; nothing about the request is logged but its route.
503    Database, catalogue or model cannot be used now; ``Retry-After`` says when to try again.
=====  =================================================================================================

Doing things once
-----------------
On every POST an ``Idempotency-Key`` of 1 to 255 visible ASCII characters may be sent. For a day, the same key
with the same request is answered with the first answer's status and body and ``Idempotency-Replayed: true``;
with another request it is 422. While the first is still being worked on, by whichever process, it is 409 with
``Retry-After``; if that process dies, for ten minutes. A request that failed is not remembered: send it again
under the same key. Keys belong to the token that sent them, or without one to the network address.

An answer that holds a secret (a token, an invitation, a calendar address) is never stored. Sending such a
request again under its key is 409: it was done, and its answer is gone.

Logs
----
One JSON line a request on stderr: method, route (never the path, which may hold ids), status, milliseconds
and request id.

Metrics
-------
``GET /metrics`` with the operator's token, from any worker, tells for all of them:

=====================================  =======================================================================
Metric                                 Meaning
=====================================  =======================================================================
``rekindle_request_seconds``           Histogram of the time to answer, by method, route and status.
``rekindle_requests_under_way``        Requests being answered.
``rekindle_database_connections``      Connections to PostgreSQL in use.
``rekindle_ready``                     1 if database, catalogue and model can be used.
``rekindle_model_info``                Label ``version``: the model that serves.
``rekindle_retraining``                Label ``state``: what the latest run is.
``rekindle_couples``                   Couples there are.
``rekindle_plans_last_hour``           Plans made in the last hour, by whichever process.
``rekindle_ratings_last_hour``         Ratings given or changed in the last hour.
=====================================  =======================================================================
"""
