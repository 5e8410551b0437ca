"""Django settings. What an operator may change is in `env.py`; the rest is the house."""

from __future__ import annotations

from pathlib import Path

from csp.constants import NONE, SELF

from dure.portal import env

ENV = env.read()
HERE = Path(__file__).parent

CHAPTERS = (
    "journal",
    "people",
    "messages",
    "files",
    "fleet",
    "calls",
    "applications",
    "reviews",
    "plans",
    "awards",
    "allocations",
    "usage",
    "reclaims",
    "billing",
    "outcomes",
    "privacy",
)

SECRET_KEY = ENV.secret_key
DEBUG = ENV.debug
ALLOWED_HOSTS = [ENV.public_url.split("://")[-1].split(":")[0].split("/")[0], "127.0.0.1", "localhost"]
CSRF_TRUSTED_ORIGINS = [ENV.public_url]
ROOT_URLCONF = "dure.portal.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
    "dure.portal.clock",
    *(f"dure.portal.{chapter}" for chapter in CHAPTERS),
    "dure.portal.loops",
    "dure.portal.site",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "dure.portal.site.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "dure.portal.site.middleware.PersonMiddleware",
    "dure.portal.site.middleware.RefusalMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [HERE / "site" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dure.portal.site.context.page",
            ],
        },
    }
]

DATABASES = {"default": ENV.database}

# Rate limits must be shared by every server process on the machine.
CACHES = {
    "default": {
        "BACKEND": "dure.portal.framework.limits.Counters",
        "LOCATION": ENV.home / "cache",
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    }
}

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]
LOGIN_REDIRECT_URL = "/home/"
LOGIN_URL = "/accounts/login/"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_DEFAULT_HTTP_PROTOCOL = ENV.public_url.split("://")[0]
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_ADAPTER = "dure.portal.people.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "dure.portal.people.account_forms.LoginForm",
    "signup": "dure.portal.people.account_forms.SignupForm",
    "add_email": "dure.portal.people.account_forms.AddEmailForm",
    "change_password": "dure.portal.people.account_forms.ChangePasswordForm",
    "set_password": "dure.portal.people.account_forms.SetPasswordForm",
    "reset_password": "dure.portal.people.account_forms.ResetPasswordForm",
    "reset_password_from_key": "dure.portal.people.account_forms.ResetPasswordKeyForm",
    "reauthenticate": "dure.portal.people.account_forms.ReauthenticateForm",
}
ACCOUNT_MAX_EMAIL_ADDRESSES = 5
ALLAUTH_TRUSTED_PROXY_COUNT = ENV.trusted_proxies
ACCOUNT_RATE_LIMITS = {
    "login_failed": "10/5m/ip,5/5m/key",
    "signup": "20/10m/ip",
    "reset_password": "20/10m/ip,5/10m/key",
}

# Pages never speak to a mail server: mail becomes rows of the outbox, and the deliver loop sends them.
EMAIL_BACKEND = "dure.portal.messages.backend.OutboxBackend"
DEFAULT_FROM_EMAIL = ENV.mail_from

LANGUAGE_CODE = "ko"
LANGUAGES = [("ko", "한국어"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "dure_language"
TIME_ZONE = "UTC"  # pages show the programme's zone; see site.context
USE_TZ = True

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = ENV.debug
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 2**20

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENV.public_url.startswith("https://")
SESSION_COOKIE_SAMESITE = "Lax"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
