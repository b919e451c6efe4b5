with

cases as (

    select
        [
            {
                'key': 'page_location',
                'value': {
                    'string_value': 'https://shop.example',
                    'int_value': null,
                    'double_value': null,
                    'float_value': null
                }
            },
            {
                'key': 'ga_session_id',
                'value': {
                    'string_value': null,
                    'int_value': 1700000000,
                    'double_value': null,
                    'float_value': null
                }
            }
        ] as event_params,
        [
            {
                'item_id': 'p1',
                'quantity': 2,
                'price': 5,
                'price_in_usd': null,
                'item_revenue': null,
                'item_revenue_in_usd': null,
                'item_refund': null
            },
            {
                'item_id': 'p2',
                'quantity': 1,
                'price': 5,
                'price_in_usd': 6,
                'item_revenue': 4,
                'item_revenue_in_usd': null,
                'item_refund': null
            }
        ] as items

),

final as (

    select
        {{ ga4_parameter('page_location') }} as page_location,
        {{ ga4_parameter('ga_session_id') }} as ga_session_id,
        {{ ga4_parameter('absent') }} as absent,
        {{ ga4_properties() }} as properties,
        {{ first_item('item_id') }} as first_item_id,
        {{ ga4_item_amounts() }} as amounts
    from cases

)

select * from final
where
    page_location is distinct from 'https://shop.example'
    or ga_session_id is distinct from '1700000000'
    or absent is not null
    or properties is distinct from
    '{"page_location":"https://shop.example","ga_session_id":"1700000000"}'
    or first_item_id is distinct from 'p1'
    -- an item without a revenue counts price times quantity
    or amounts['quantity'] is distinct from 3
    or amounts['revenue'] is distinct from 14
    -- and in US dollars what is told in them, else the local amount
    or amounts['revenue_in_usd'] is distinct from 16
    or not amounts['is_in_usd']
