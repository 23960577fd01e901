"""Who is told what, by which way, and what became of it."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from integrations.chat import sending as chat
from integrations.chat.models import Channel
from integrations.delivery.dispatching import STALE
from integrations.delivery.forms import ChannelForm, TeamChannelForm, TellingForm
from integrations.mail import mailbox
from integrations.messages.error_text import Failed, describe_error
from integrations.messages.models import Delivery
from smarketing.database.keyset import Order
from smarketing.pages.paging import list_page
from smarketing.queue.waking import wake
from teams.http import UserRequest
from teams.models import Notice, Role, Team, User

BY_NEXT_TRY = Order("next_try_at", descending=True)
DELIVER = "integrations.tasks.deliver"
# A mail is shown as it is, with its own styles, and can do nothing: neither run, nor load, nor reach the page around.
AS_IT_IS = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox allow-popups"


@require_http_methods(["GET", "POST"])
def telling(request: UserRequest) -> HttpResponse:
    """What I am told, and how."""
    form = TellingForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your choice is saved."))
        return redirect("telling")
    return _telling(request, form, ChannelForm(instance=_mine(request)))


@require_POST
def my_channel(request: UserRequest) -> HttpResponse:
    """Connect my own chat, or change where it is."""
    form = ChannelForm(request.POST, instance=_mine(request) or Channel(user=request.user))
    if form.is_valid():
        _try_out(request, form.save())
        return redirect("telling")
    return _telling(request, TellingForm(user=request.user), form, status=422)


@require_POST
def my_channel_test(request: UserRequest) -> HttpResponse:
    _try_out(request, get_object_or_404(Channel, user=request.user))
    return redirect("telling")


@require_POST
def my_channel_deletion(request: UserRequest) -> HttpResponse:
    get_object_or_404(Channel, user=request.user).delete()
    messages.success(request, _("Nothing goes to your chat any more."))
    return redirect("telling")


@require_http_methods(["GET", "POST"])
def team_channel(request: UserRequest, pk: int) -> HttpResponse:
    """A team's chat, for its head and for administrators."""
    team = get_object_or_404(_teams_of(request.user), pk=pk)
    stored = Channel.objects.filter(team=team).first()
    form = TeamChannelForm(request.POST or None, instance=stored or Channel(team=team))
    if request.method == "POST" and form.is_valid():
        _try_out(request, form.save())
        return redirect("team_channel", pk)
    context = {"form": form, "team": team, "channel": stored}
    return render(request, "integrations/delivery/team_channel.html", context, status=422 if form.errors else 200)


@require_POST
def team_channel_test(request: UserRequest, pk: int) -> HttpResponse:
    _try_out(request, get_object_or_404(Channel, team__in=_teams_of(request.user), team=pk))
    return redirect("team_channel", pk)


@require_POST
def team_channel_deletion(request: UserRequest, pk: int) -> HttpResponse:
    get_object_or_404(Channel, team__in=_teams_of(request.user), team=pk).delete()
    messages.success(request, _("Nothing goes to the team's chat any more."))
    return redirect("team_channel", pk)


@require_GET
def deliveries(request: UserRequest) -> HttpResponse:
    """What waits, what failed, and where nothing arrives."""
    at = now()
    waiting, sent = Delivery.objects.waiting(), Delivery.objects.filter(sent_at__gt=at - STALE)
    stuck = Delivery.objects.stuck().select_related("notice__user")
    context = {
        "page": list_page(request, stuck, BY_NEXT_TRY),
        "waiting": waiting.aggregate(
            now=Count("pk", filter=Q(next_try_at__lte=at)),
            quiet=Count("pk", filter=Q(next_try_at__gt=at, tries=0)),
            again=Count("pk", filter=Q(next_try_at__gt=at, tries__gt=0)),
        ),
        "given_up": Delivery.objects.filter(sent_at=None, given_up_at__isnull=False).count(),
        "sent": sent.count(),
        "undecided": Notice.objects.undispatched().count(),
        "unreachable": User.objects.active().filter(unreachable_since__isnull=False).order_by("unreachable_since"),
        "channels": Channel.objects.exclude(failing_since=None, dead_at=None).select_related("user", "team"),
        "kept": mailbox.is_used(),
    }
    return render(request, "integrations/delivery/deliveries.html", context)


@require_POST
def delivery_retry(request: UserRequest, pk: int) -> HttpResponse:
    stuck = get_object_or_404(Delivery, pk=pk)
    return _again(request, Delivery.objects.stuck().filter(pk=stuck.pk))


@require_POST
def deliveries_retry(request: UserRequest) -> HttpResponse:
    return _again(request, Delivery.objects.stuck())


@require_GET
def mails(request: UserRequest) -> HttpResponse:
    """The mails that are kept here while there is no mail server, the newest first."""
    page = Paginator(mailbox.list_names(), 50).get_page(request.GET.get("page"))
    found = [mail for name in page.object_list if (mail := mailbox.read(name))]
    return render(request, "integrations/mail/mails.html", {"page": page, "mails": found, "kept": mailbox.is_used()})


@require_GET
def mail(request: UserRequest, name: str) -> HttpResponse:
    found = mailbox.read(name)
    if found is None:
        raise Http404
    return render(request, "integrations/mail/mail.html", {"mail": found})


@require_GET
@xframe_options_sameorigin
def mail_html(request: UserRequest, name: str) -> HttpResponse:
    """The HTML of a mail alone, for the frame on its page."""
    found = mailbox.read(name)
    if found is None:
        raise Http404
    return HttpResponse(found.html, headers={"Content-Security-Policy": AS_IT_IS})


def _telling(request: UserRequest, form: TellingForm, channel_form: ChannelForm, status: int = 200) -> HttpResponse:
    context = {
        "form": form,
        "channel_form": channel_form,
        "channel": _mine(request),
        "headed": Team.objects.filter(head=request.user),
    }
    return render(request, "integrations/delivery/telling.html", context, status=422 if form.errors else status)


def _mine(request: UserRequest) -> Channel | None:
    return Channel.objects.filter(user=request.user).first()


def _teams_of(user: User) -> QuerySet[Team]:
    """The teams whose chat somebody may choose: all of them for an administrator, else those they head."""
    return Team.objects.all() if user.has_role(Role.ADMINISTRATOR) else Team.objects.filter(head=user)


def _try_out(request: UserRequest, channel: Channel) -> None:
    """Send a line to the chat at once, and say what came of it."""
    try:
        chat.send_test(channel)
    except Failed as problem:
        channel.failed(str(problem), for_good=problem.for_good, at=now())
        messages.error(
            request, _("The chat did not take a message: %(reason)s") % {"reason": describe_error(str(problem))}
        )
    else:
        channel.arrived()
        messages.success(request, _("The chat took a message: look there."))


def _again(request: UserRequest, stuck: QuerySet[Delivery]) -> HttpResponse:
    # The channels first: afterwards nothing is stuck.
    Channel.objects.filter(deliveries__in=stuck).update(dead_at=None)
    again = stuck.update(tries=0, given_up_at=None, next_try_at=now())
    if again:
        wake(DELIVER)
        messages.success(request, _("On its way again."))
    else:
        messages.info(request, _("It went out meanwhile."))
    return redirect("deliveries")
