"""All settings, in one file, read from the environment. A value that cannot be read stops the start with one line."""

import secrets
import zoneinfo
from pathlib import Path

import django_stubs_ext
from csp.constants import NONE, SELF

from smarketing import embedded, env
from smarketing.embedded.place import kept_secret, make_private

# The rules of time zones are those of the locked package, wherever we run: a system's own may be years old.
zoneinfo.reset_tzpath(to=())

# Forms and admins can say what they are about, as querysets can: `ModelForm[Lead]`.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = env.folder("VAR_DIR", BASE_DIR / "var")
make_private(VAR_DIR, passable=True)

# Where people reach us. Secure cookies, HSTS and the redirect follow the scheme.
PORT = env.whole_number("PORT", 8000, at_least=1, at_most=65535)
_address = env.web_address("PUBLIC_URL", f"http://localhost:{PORT}")
PUBLIC_URL = _address.geturl().rstrip("/")
_https = _address.scheme == "https"

DEBUG = env.yes_or_no("DEBUG", False)
SECRET_KEY = env.text("SECRET_KEY") or kept_secret(VAR_DIR / "secret_key", secrets.token_urlsafe(50))
# The first encrypts secrets in the database, all of them decrypt.
ENCRYPTION_KEYS = env.encryption_keys("ENCRYPTION_KEYS") or [kept_secret(VAR_DIR / "encryption_key", env.new_key())]
ALLOWED_HOSTS = [str(_address.hostname), "localhost", "127.0.0.1", *env.words("ALLOWED_HOSTS")]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

# The embedded servers stand in where no address is given.
_place = embedded.place() if embedded.needs_postgres() or embedded.needs_valkey() else None
# Whose room is told by health.
DATA_DIRS = [VAR_DIR, *([_place.home] if _place else [])]
_database = env.database("DATABASE_URL")
_queue = env.queue("REDIS_URL")

APPS = ("teams", "metrics", "history", "leads", "scoring", "funnel", "sla", "dashboards", "integrations")
INSTALLED_APPS = [
    "smarketing.apps.SmarketingConfig",
    *APPS,
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "pgtrigger",
    "django_htmx",
    "template_partials",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Not before: static files are compressed already. See docs/decisions/0040-pages-are-light.md.
    "django.middleware.gzip.GZipMiddleware",
    "smarketing.health.HealthMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Every page needs a login unless its view says @login_not_required.
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "teams.middleware.PersonMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "smarketing.urls"
WSGI_APPLICATION = "smarketing.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.template.context_processors.tz",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboards.home.navigation.nav_counts",
            ],
        },
    }
]

# Forms are drawn by templates/django/forms.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# The database

# A pooler in transaction mode may give each transaction another connection: nothing is kept from one to the next, no
# cursor either. See docs/decisions/0025-leases-and-locks.md.
_options: dict[str, str | int] = {}
if _database:
    # Seconds, and milliseconds: a server that has vanished is noticed.
    _options |= {"connect_timeout": 10, "keepalives_idle": 30, "tcp_user_timeout": 60_000}
    _options |= {"sslmode": _database["SSLMODE"]} if _database["SSLMODE"] else {}
DATABASES = {
    "default": {
        "ENGINE": "smarketing.database.backend",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": _options,
    }
    | (
        {name: value for name, value in _database.items() if name != "SSLMODE"}
        if _database
        else {"NAME": "smarketing", "USER": "smarketing", "HOST": str(_place and _place.sockets), "PORT": "5432"}
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The queue

if not _queue:
    assert _place is not None
    _queue = embedded.Valkey(_place, embedded.say).address()
CELERY_BROKER_URL = env.celery_address(_queue)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 6 * 60 * 60}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
# As all other lines: smarketing/logs.py.
CELERY_WORKER_LOG_FORMAT = CELERY_WORKER_TASK_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# When each task runs: smarketing/queue/schedule.py.
# The task that takes changed leads through the flow, by name: lower apps ring for it without importing upper ones.
ADVANCE_TASK = "sla.tasks.advance"
ATTAINMENT_TASK = "sla.tasks.compute_attainment"

# The cache may be lost at any time. Sessions are in the database.

CACHES = {
    "default": {
        "BACKEND": "smarketing.cache.LosableCache",
        "LOCATION": _queue,
        "KEY_PREFIX": "smarketing",
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}

# People

AUTH_USER_MODEL = "teams.User"
AUTHENTICATION_BACKENDS = ["teams.backends.PersonBackend"]
# The permission table, which pages ask by URL name: (user, name) -> bool.
MAY_OPEN = "teams.permissions.may"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "teams.sign_in.adapter.Adapter"
ACCOUNT_FORMS = {
    "change_password": "teams.sign_in.forms.PasswordChangeForm",
    "reset_password": "teams.sign_in.forms.AskForLinkForm",
    "reset_password_from_key": "teams.sign_in.forms.PasswordByLinkForm",
}
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "teams.sign_in.links.LinkTokens"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = None  # asked at sign-in
# Passwords are slowed down by teams.sign_in.throttle. "login_failed" are the codes of whoever knows the password.
ACCOUNT_RATE_LIMITS = {
    "login": "",
    "login_failed": "5/5m/key",
    "reset_password": "100/m/ip,5/5m/key",
    "reset_password_from_key": "100/m/ip",
}
# How many proxies of our own stand between us and the client: who asks is then read from X-Forwarded-For.
TRUSTED_PROXIES = env.whole_number("TRUSTED_PROXIES", 0, at_most=9)
MFA_ADAPTER = "teams.sign_in.second_factor.MFAAdapter"
MFA_FORMS = {"authenticate": "teams.sign_in.forms.CodeForm"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Smarketing"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
# The password of the demo company's people; made at random when empty.
DEMO_PASSWORD = env.text("DEMO_PASSWORD")

# Language and time. The company's days are those of its zone: the variable wins over the one stored in the settings.

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ja", "日本語")]
LOCALE_PATHS = [BASE_DIR / "locale" / name for name in ("smarketing", *APPS)]
USE_TZ = True
TIME_ZONE = "UTC"
_company_zone = env.zone("COMPANY_TIME_ZONE")
COMPANY_TIME_ZONE = _company_zone.key if _company_zone else ""
COMPANY_ZONE_SOURCE = "teams.models.stored_time_zone"

# Files

STATIC_URL = "/static/"
STATIC_ROOT = env.folder("STATIC_ROOT", VAR_DIR / "static")
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [path for path in [BASE_DIR / "static"] if path.is_dir()]
STATICFILES_FINDERS = [
    "smarketing.static_files.finders.JoiningFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "smarketing.static_files.finders.PlotlyFinder",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "smarketing.static_files.storage.StaticFiles"
        if env.yes_or_no("STATIC_MANIFEST", False)
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not env.yes_or_no("STATIC_MANIFEST", False)
MEDIA_ROOT = VAR_DIR / "media"

# Mail: into files, until a server or a provider is given.

EMAIL_HOST = env.text("EMAIL_HOST")
EMAIL_PORT = env.whole_number("EMAIL_PORT", 587, at_least=1, at_most=65535)
EMAIL_HOST_USER = env.text("EMAIL_USER")
EMAIL_HOST_PASSWORD = env.text("EMAIL_PASSWORD")
_tls = env.yes_or_no("EMAIL_TLS", True)
# Port 465 speaks TLS from the first byte, the others after they were asked to.
EMAIL_USE_SSL = _tls and EMAIL_PORT == 465
EMAIL_USE_TLS = _tls and not EMAIL_USE_SSL
EMAIL_TIMEOUT = 10
EMAIL_FILE_PATH = VAR_DIR / "mail"
# What each provider calls its key.
_keys = {"mailersend": "MAILERSEND_API_TOKEN", "postmark": "POSTMARK_SERVER_TOKEN"} | {
    name: f"{name.upper()}_API_KEY" for name in ("brevo", "mailgun", "resend", "sendgrid", "sparkpost")
}
EMAIL_PROVIDER = env.text("EMAIL_PROVIDER") and env.one_of("EMAIL_PROVIDER", sorted(_keys), "")
if EMAIL_PROVIDER:
    if EMAIL_HOST:
        raise env.Refused("EMAIL_PROVIDER: EMAIL_HOST is given as well; give one of them.")
    if not env.text("EMAIL_API_KEY"):
        raise env.Refused(f"EMAIL_API_KEY: EMAIL_PROVIDER={EMAIL_PROVIDER} needs the key of its account.")
    ANYMAIL = {_keys[EMAIL_PROVIDER]: env.text("EMAIL_API_KEY"), "REQUESTS_TIMEOUT": EMAIL_TIMEOUT}
    if env.text("EMAIL_API_URL"):
        ANYMAIL[f"{EMAIL_PROVIDER.upper()}_API_URL"] = env.text("EMAIL_API_URL")
    OUTGOING_EMAIL_BACKEND = f"anymail.backends.{EMAIL_PROVIDER}.EmailBackend"
else:
    OUTGOING_EMAIL_BACKEND = (
        "django.core.mail.backends.smtp.EmailBackend" if EMAIL_HOST else "integrations.mail.mailbox.EmailBackend"
    )
# Every mail passes here, and goes out by the one above unless this is a restored copy.
EMAIL_BACKEND = "integrations.mail.outgoing.EmailBackend"
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", f"smarketing@{_address.hostname}")

# Chat: webhooks of our own network are refused, because whoever may name an address could reach what others cannot.
ALLOW_PRIVATE_WEBHOOKS = env.yes_or_no("ALLOW_PRIVATE_WEBHOOKS", False)

# Safety

SECURE_SSL_REDIRECT = _https
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^livez$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if _https else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.yes_or_no("BEHIND_PROXY", _https) else None
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _https
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# The API

# The largest body that is not a file: a thousand activities with what is said of them.
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
# A file of 2,000 columns is mapped on one page.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_100
# By each token; 0: as often as it likes.
API_REQUESTS_A_MINUTE = env.whole_number("API_REQUESTS_A_MINUTE", 600)
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["smarketing.api.parsing.StorableJSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": ["teams.api.authentication.BearerTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["teams.api.permissions.PermissionTableAccess"],
    "DEFAULT_THROTTLE_CLASSES": ["teams.api.throttling.TokenThrottle"],
    "EXCEPTION_HANDLER": "smarketing.api.problems.handle_exception",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_VERSIONING_CLASS": None,
    "DEFAULT_METADATA_CLASS": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Smarketing",
    "DESCRIPTION": (
        "Send `Authorization: Bearer SECRET` with a token from *My settings*, or from"
        " `python manage.py token EMAIL --scopes read,write`. A program may what its person may on the pages.\n\n"
        'Lists answer `{"results": […], "next": URL or null}`: follow `next` to its end. What is refused is answered'
        " with problem details (RFC 9457): 400 says what is wrong and where, 409 that somebody was first or that what"
        " was sent contradicts what is known. Moments carry a zone; without one they are read in the company's."
    ),
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "smarketing.api.schema.add_summaries"],
    "ENUM_NAME_OVERRIDES": {
        "OpportunityKind": "funnel.models.Opportunity.Kind",
        "ReasonKind": "funnel.models.Reason.Kind",
        "Answer": "sla.models.Handoff.Answer",
        "Verdict": "sla.models.Handoff.Verdict",
        "TouchKind": "sla.models.Touch.Kind",
        "Consent": "leads.models.Lead.Consent",
    },
}

_level = env.one_of("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "WARNING")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    # Whoever asks for the health is told; it need not be in the log each time as well.
    "filters": {
        "but_health": {
            "()": "django.utils.log.CallbackFilter",
            "callback": lambda record: getattr(record, "status_code", 0) != 503,
        },
        "outages": {"()": "smarketing.logs.OutagesInALine"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["but_health", "outages"]}
    },
    "root": {"handlers": ["console"], "level": _level},
    "loggers": {
        "django": {"handlers": [], "level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "django.server": {"level": "INFO"},
        "gunicorn.http.wsgi": {"level": "ERROR"},
        # That the queue is back, which the filter tells apart from a first connection.
        "celery.worker.consumer.connection": {"level": "INFO"},
    },
}
