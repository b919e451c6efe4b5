"""The made-up shop: what it sells, how its segments behave, what its tags call things."""

from dataclasses import dataclass

import numpy as np

SALT = "kindred-sample"
SITE = "https://shop.kindred.example"
BLOG = "https://journal.kindred.example"
START = np.datetime64("2026-01-05T00:00:00", "ms")  # a Monday

CATEGORIES = (
    "Kitchen",
    "Garden",
    "Lighting",
    "Textiles",
    "Toys",
    "Stationery",
    "Bath",
    "Outdoor",
)
PRODUCTS_PER_CATEGORY = 40
CHEAPEST, DEAREST = (
    3.0,
    900.0,
)  # US dollars; prices of a category are spaced evenly in log

# country, currency, its units for a dollar, city, GA4 continent, share of people
COUNTRIES = (
    ("United States", "USD", 1.0, "Portland", "Americas", 0.55),
    ("Germany", "EUR", 0.92, "Hamburg", "Europe", 0.16),
    ("France", "EUR", 0.92, "Lyon", "Europe", 0.11),
    ("United Kingdom", "GBP", 0.78, "Leeds", "Europe", 0.18),
)

# kind of event: canonical name, what the tag calls it, what the pixel calls it
KINDS = (
    ("page_view", "Page Viewed", "view"),
    ("login", "Signed In", None),
    ("search", "Products Searched", None),
    ("view_item_list", "Product List Viewed", None),
    ("view_item", "Product Viewed", None),
    ("add_to_cart", "Product Added", None),
    ("remove_from_cart", "Product Removed", None),
    ("begin_checkout", "Checkout Started", None),
    ("purchase", "Order Completed", None),
    ("wishlist_shared", "Wishlist Shared", None),  # no seed maps it, on purpose
    ("email_open", None, "open"),
    ("email_click", None, "click"),
    ("campaign_click", None, None),
)
KIND = {names[0]: number for number, names in enumerate(KINDS)}
SOURCES = ("ga4", "web", "pixel", "ads")
SOURCE = {name: number for number, name in enumerate(SOURCES)}
SOURCE_TABLES = {"ga4": "events", "web": "events", "pixel": "hits", "ads": "clicks"}

# browser, system, category, user agent
BROWSERS = (
    (
        "Chrome",
        "Windows",
        "desktop",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like"
        " Gecko) Chrome/143.0.0.0 Safari/537.36",
    ),
    (
        "Safari",
        "iOS",
        "mobile",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15"
        " (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    ),
    (
        "Chrome",
        "Android",
        "mobile",
        "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko)"
        " Chrome/143.0.0.0 Mobile Safari/537.36",
    ),
    (
        "Safari",
        "iPadOS",
        "tablet",
        "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like"
        " Gecko) Version/18.5 Safari/604.1",
    ),
    (
        "Firefox",
        "Linux",
        "desktop",
        "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    ),
)
BROWSER_SHARES = (0.38, 0.25, 0.2, 0.07, 0.1)
BOT_AGENTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
    "python-requests/2.32.5",
)

# how a visit comes: source, medium, campaign, referrer, share
ARRIVALS = (
    (None, None, None, None, 0.40),
    (None, None, None, "https://www.google.com/", 0.22),
    (None, None, None, "https://www.instagram.com/", 0.06),
    (None, None, None, "https://blog.example.net/gifts", 0.05),
    ("newsletter", "email", "weekly_letter", None, 0.12),
    ("google", "cpc", "winter_sale", "https://www.google.com/", 0.09),
    ("facebook", "paid_social", "new_home", "https://www.facebook.com/", 0.04),
    ("partner", "affiliate", "gift_guide", "https://partner.example.org/", 0.02),
)
PAID = 5  # the arrival that carries a gclid


@dataclass(frozen=True)
class Segment:
    """How the people of a segment behave. Rates vary from person to person.

    A person's own rate is drawn around the segment's mean: counts from a gamma with
    the given shape (the larger, the more alike), shares from a beta with the given
    concentration, prices from a lognormal.
    """

    name: str
    share: float  # of people with a segment
    known_share: float  # who ever log in
    visits_per_day: float
    visit_shape: float
    extras_per_visit: float  # home, lists and searches after the landing page
    views_per_visit: float
    cart_rate: float  # views that end in the cart
    order_rate: float  # visits with a cart that end in an order
    price: float  # dollars, the median of what the segment looks at
    discount_rate: float  # orders with a coupon
    breadth: float  # concentration of tastes: small means faithful to a category
    is_lapsing: bool = False  # stops visiting before mid-period
    # how alike the people of a segment are
    extra_shape: float = 12
    view_shape: float = 14
    cart_concentration: float = 30
    order_concentration: float = 30
    discount_concentration: float = 25
    price_spread: float = 0.28  # of the log


SEGMENTS = (
    Segment(
        name="frequent_buyers",
        share=0.17,
        known_share=0.98,
        visits_per_day=0.43,
        visit_shape=10,
        extras_per_visit=0.4,
        views_per_visit=1.6,
        cart_rate=0.5,
        order_rate=0.8,
        price=32,
        discount_rate=0.04,
        breadth=1.5,
    ),
    Segment(
        name="deal_seekers",
        share=0.2,
        known_share=0.98,
        visits_per_day=0.185,
        visit_shape=20,
        extras_per_visit=0.4,
        views_per_visit=1.9,
        cart_rate=0.5,
        order_rate=0.8,
        price=26,
        discount_rate=0.9,
        breadth=1.5,
    ),
    Segment(
        name="window_shoppers",
        share=0.23,
        known_share=0.55,
        visits_per_day=0.145,
        visit_shape=14,
        extras_per_visit=1.3,
        views_per_visit=3.3,
        cart_rate=0.02,
        order_rate=0.06,
        price=34,
        discount_rate=0.04,
        breadth=3.0,
    ),
    Segment(
        name="premium_buyers",
        share=0.2,
        known_share=0.98,
        visits_per_day=0.18,
        visit_shape=20,
        extras_per_visit=0.4,
        views_per_visit=1.9,
        cart_rate=0.5,
        order_rate=0.82,
        price=230,
        discount_rate=0.04,
        breadth=0.7,
    ),
    Segment(
        name="lapsing_customers",
        share=0.2,
        known_share=0.93,
        visits_per_day=0.46,
        visit_shape=14,
        extras_per_visit=0.4,
        views_per_visit=1.9,
        cart_rate=0.5,
        order_rate=0.8,
        price=34,
        discount_rate=0.04,
        breadth=1.5,
        is_lapsing=True,
    ),
)
VIEW_PRICE_SPREAD = 0.45  # of the log, around a person's own taste
LAPSE_FROM, LAPSE_TO = 0.22, 0.42  # of the period: when lapsing customers stop
PASSER_BY_SHARE = 0.15  # of all people: one visit of one to three events
CRM_ONLY_SHARE = 0.015
INTERNAL_SHARE = 0.006
DISCOUNTS = (0.10, 0.15, 0.20, 0.30)


def products() -> dict[str, np.ndarray]:
    """The catalogue: product_id, name, category number and dollars, by number."""
    count = len(CATEGORIES) * PRODUCTS_PER_CATEGORY
    number = np.arange(count)
    rank = number % PRODUCTS_PER_CATEGORY
    ratio = (DEAREST / CHEAPEST) ** (1 / (PRODUCTS_PER_CATEGORY - 1))
    return {
        "product_id": np.array([f"P{n:04d}" for n in number], dtype=object),
        "name": np.array(
            [
                f"{CATEGORIES[n // PRODUCTS_PER_CATEGORY]} piece {n % PRODUCTS_PER_CATEGORY + 1}"
                for n in number
            ],
            dtype=object,
        ),
        "category": number // PRODUCTS_PER_CATEGORY,
        "dollars": np.round(CHEAPEST * ratio**rank, 2),
    }


def product_near(category: np.ndarray, log_price: np.ndarray) -> np.ndarray:
    """Number of the product of a category whose price is nearest in log."""
    step = np.log(DEAREST / CHEAPEST) / (PRODUCTS_PER_CATEGORY - 1)
    rank = np.rint((log_price - np.log(CHEAPEST)) / step)
    rank = np.clip(rank, 0, PRODUCTS_PER_CATEGORY - 1).astype(np.int64)
    return category * PRODUCTS_PER_CATEGORY + rank
